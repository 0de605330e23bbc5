/** A process that dies at any step of the swap of the uploads, of its undoing, of the tidying up. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { CommitOutcome } from "../../../src/backup/load/transaction.js";
import { settleStaging } from "../../../src/backup/uploads/recover.js";
import { openStaging, type Staging } from "../../../src/backup/uploads/swap.js";
import { treeDigest } from "../../support/backup.js";

class Killed extends Error {}

const life = vi.hoisted(() => ({
  /** Changes of the disk that are still to come; the one after the last does not happen. */
  left: Infinity,
  mounted: false,
}));

function spend(): void {
  if (life.left <= 0) throw new Killed();
  life.left -= 1;
}

vi.mock("../../../src/backup/uploads/mount-point.js", () => ({
  isMountPoint: () => Promise.resolve(life.mounted),
}));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FsPromises>();
  const counted = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      spend();
      return work(...args);
    };
  };
  /** One entry at a time, the last ones first, as any order may be met. */
  const rm = async (path: string | Buffer): Promise<void> => {
    const entries = await real.readdir(path.toString(), { withFileTypes: true }).catch(() => []);
    for (const entry of entries.reverse()) await rm(join(path.toString(), entry.name));
    spend();
    await real.rm(path, { recursive: true, force: true });
  };
  const { rename, unlink, mkdir, chmod, utimes } = real;
  return {
    ...real,
    rename: counted(rename),
    unlink: counted(unlink),
    mkdir: counted(mkdir),
    chmod: counted(chmod),
    utimes: counted(utimes),
    rm,
    open: (path: string, flags?: string, mode?: number) => {
      if (flags === "wx") spend();
      return real.open(path, flags, mode);
    },
  };
});

afterEach(() => {
  life.left = Infinity;
  life.mounted = false;
});

/** Runs `work` until it dies at its n-th change. Says whether it did. */
async function dies(after: number, work: () => Promise<unknown>): Promise<boolean> {
  life.left = after;
  try {
    await work();
    return false;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    if (!(cause instanceof Killed)) throw error;
    return true;
  } finally {
    life.left = Infinity;
  }
}

interface Case {
  readonly uploads: string;
  readonly staging: Staging;
  state(): unknown;
}

const KINDS = ["a folder", "no folder", "a mount point"] as const;
type Kind = (typeof KINDS)[number];

/** Uploads of that kind, and new ones staged beside them. */
async function staged(kind: Kind): Promise<Case> {
  const root = mkdtempSync(join(tmpdir(), "supervise-crash-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const uploads = join(root, "uploads");
  life.mounted = kind === "a mount point";
  if (kind !== "no folder") {
    mkdirSync(join(uploads, "both"), { recursive: true, mode: 0o750 });
    writeFileSync(join(uploads, "both", "old"), "old");
    writeFileSync(join(uploads, "old"), "old");
  }
  const staging = await openStaging(uploads, () => undefined);
  mkdirSync(join(staging.fresh, "both"));
  writeFileSync(join(staging.fresh, "both", "new"), "new");
  writeFileSync(join(staging.fresh, "new"), "new");
  const own = staging.folder.slice(staging.folder.lastIndexOf("/") + 1);
  return {
    uploads,
    staging,
    // A mount point's own time changes with the staging folder in it.
    state: () =>
      Object.fromEntries(
        Object.entries(treeDigest(root))
          .filter(([name]) => !name.includes(own))
          .map(([name, look]) => [name, name === "uploads" ? look.split(" ")[0] : look]),
      ),
  };
}

/** Settles what was left, dying at the n-th change and coming again. */
async function settled({ uploads, staging }: Case, as: CommitOutcome, after: number) {
  const outcome = (): Promise<CommitOutcome> => Promise.resolve(as);
  const place = join(staging.folder, "..");
  const left = (): string[] => readdirSync(place).filter((name) => name.includes(".restore-"));
  const settle = async (): Promise<void> => {
    for (const name of left()) await settleStaging(uploads, join(place, name), outcome);
  };
  const died = await dies(after, settle);
  if (died) await settle();
  expect(left()).toEqual([]);
  return died;
}

const TRANSACTION = { xid: "1", cluster: null };

/** The swap itself is survived; what comes after it is counted. */
async function swapWhole(staging: Staging): Promise<void> {
  const { left } = life;
  life.left = Infinity;
  await staging.swap(TRANSACTION);
  life.left = left;
}

describe.each(KINDS)("uploads that are %s", (kind) => {
  /** Where the first process dies, where the second. Every pair until neither dies any more. */
  async function everywhere(
    first: (one: Case) => Promise<unknown>,
    as: CommitOutcome,
    check: (one: Case, before: unknown) => void,
  ): Promise<number> {
    let tried = 0;
    for (let at = 0, more = true; more; at += 1) {
      for (let then = 0, again = true; again; then += 1) {
        const one = await staged(kind);
        const before = one.state();
        more = await dies(at, () => first(one));
        again = await settled(one, as, then);
        check(one, before);
        tried += 1;
      }
    }
    return tried;
  }

  test("are as before when the restore dies at any step of the swap, and its undoing at any", async () => {
    const tried = await everywhere(
      ({ staging }) => staging.swap(TRANSACTION),
      "rolled back",
      (one, before) => expect(one.state()).toEqual(before),
    );
    expect(tried).toBeGreaterThan(20);
  }, 60_000);

  test("are as before when the restore fails and dies while it puts them back", async () => {
    await everywhere(
      async ({ staging }) => {
        await swapWhole(staging);
        await staging.undo();
        await staging.remove();
      },
      "rolled back",
      (one, before) => expect(one.state()).toEqual(before),
    );
  }, 60_000);

  test("are the new ones when it had committed and dies while it tidies up", async () => {
    await everywhere(
      async ({ staging }) => {
        await swapWhole(staging);
        await staging.remove();
      },
      "committed",
      ({ uploads }) =>
        expect(Object.keys(treeDigest(uploads)).sort()).toEqual(["both", "both/new", "new"]),
    );
  }, 60_000);
});
