/**
 * Where the development server's files are. Normally all in the project's `.dazzle`. Where that
 * cannot work (root's server user may not reach a folder under /root; a mounted volume without
 * permissions or named pipes), data and binaries live in a folder of the system or of the user,
 * and `.dazzle/postgres` is a link to the data.
 *
 * No path is used that another user could have prepared: everything is created by us in a folder
 * that only we (or root) can write to, or under a random name.
 */
import { createHash } from "node:crypto";
import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { SuperviseError } from "../../errors.js";
import { accountsFor, canBecome, canEnter } from "./account.js";
import { findPostmaster } from "./postmaster.js";
import { attempt, errorCode, run, type Account } from "./run.js";

export interface Place {
  /** `.dazzle` of the project: what people look for. */
  readonly home: string;
  /** Where the server's own files are: `home`, or the folder that stands in for it. */
  readonly base: string;
  /** The data directory: always `base/postgres`. */
  readonly data: string;
  /** The user the server runs as; null = this process's own. */
  readonly account: Account | null;
  /** The server's messages. */
  readonly log: string;
  /** The password and the port last used, mode 0600. */
  readonly secret: string;
  /** Held while a supervisor starts the server. */
  readonly lock: string;
  /** The named pipe by which the keeper knows that somebody uses the server. */
  readonly alive: string;
  /** Who said hello to the keeper. */
  readonly users: string;
}

/** Creates `.dazzle`, decides on account and folder. @throws SuperviseError EMBEDDED_UNAVAILABLE */
export async function choosePlace(root: string): Promise<Place> {
  const project = await realpath(root);
  const home = join(project, ".dazzle");
  try {
    await createHome(home, project);
    const data = join(home, "postgres");
    const account = await chooseAccount([data, project]);
    const link = await linkedBase(home, project);
    if (link !== null) return placeAt(home, link, account);
    const existing = await attempt(() => lstat(data));
    if (existing !== null || (await suits(home, account))) {
      if (existing !== null && !(await canEnter(account, data)))
        throw unreachableData(data, account);
      return placeAt(home, home, account);
    }
    const base = await standIn(project, account);
    await symlink(join(base, "postgres"), data);
    await giveToOwner(data, home);
    return placeAt(home, base, account);
  } catch (error) {
    throw error instanceof SuperviseError ? error : unusable(home, error);
  }
}

/** Whether the project has a development database already; creates nothing. */
export async function hasData(root: string): Promise<boolean> {
  return (await attempt(() => stat(join(root, ".dazzle", "postgres")))) !== null;
}

/** As root: hands a file to the owner of the project's `.dazzle`, who may go on without root. */
export async function giveToOwner(path: string, home: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await stat(home);
  if (owner.uid !== 0) await lchown(path, owner.uid, owner.gid);
}

function placeAt(home: string, base: string, account: Account | null): Place {
  return {
    home,
    base,
    account,
    data: join(base, "postgres"),
    log: join(home, "postgres.log"),
    secret: join(home, "postgres.json"),
    lock: join(home, "postgres.lock"),
    alive: join(base, "postgres.alive"),
    users: join(base, "postgres.users"),
  };
}

async function createHome(home: string, project: string): Promise<void> {
  const root = process.getuid?.() === 0;
  const made = await mkdir(home, { recursive: true });
  if (made !== undefined && root) {
    const owner = await stat(project);
    await chown(home, owner.uid, owner.gid);
  }
  // Root's server runs as somebody else, who has to pass through, whatever the umask said.
  const { mode } = await stat(home);
  if (root && (mode & 0o011) !== 0o011) await chmod(home, (mode & 0o777) | 0o011);
  const ignore = join(home, ".gitignore");
  if ((await attempt(() => lstat(ignore))) === null) {
    await writeFile(ignore, "*\n", { flag: "wx" });
    await giveToOwner(ignore, home);
  }
}

async function chooseAccount(folders: readonly string[]): Promise<Account | null> {
  const accounts = await accountsFor(folders);
  if (accounts === null) return null;
  for (const account of accounts) if (await canBecome(account)) return account;
  throw new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: "PostgreSQL refuses to run as root, and no unprivileged user can be used instead",
    where: accounts.map((account) => account.name).join(", ") || "no user postgres or nobody",
    remedy: "run as an ordinary user, or set DATABASE_URL to a server of your own",
  });
}

/** True when the server can live in `folder`: it gets there, and there are modes and pipes. */
async function suits(folder: string, account: Account | null): Promise<boolean> {
  if (!(await canEnter(account, folder))) return false;
  const probe = await mkdtemp(join(folder, ".probe-"));
  try {
    await chmod(probe, 0o700);
    const made = await run("mkfifo", ["-m", "600", join(probe, "pipe")], null);
    return made.ok && ((await stat(probe)).mode & 0o077) === 0;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}

/** The folder behind an existing `.dazzle/postgres` link; null when there is none to be used. */
async function linkedBase(home: string, project: string): Promise<string | null> {
  const link = join(home, "postgres");
  if ((await attempt(() => lstat(link)))?.isSymbolicLink() !== true) return null;
  const target = await readlink(link);
  const base = dirname(target);
  const note = await attempt(() => readFile(join(base, "project"), "utf8"));
  const other = note?.trim();
  const safe = note !== null && isAbsolute(target) && (await isSafe(base));
  const theirs =
    other !== undefined &&
    other !== project &&
    (await attempt(() => readlink(join(other, ".dazzle", "postgres")))) === target;
  if (safe && !theirs) {
    if (other !== project) await writeFile(join(base, "project"), `${project}\n`);
    return base;
  }
  // Left by a project that was copied, or what it led to has been cleaned away.
  await rm(link);
  return null;
}

/** A folder for this project outside of it, created by us. */
async function standIn(project: string, account: Account | null): Promise<string> {
  const slug = basename(project)
    .replaceAll(/[^A-Za-z0-9_.-]+/g, "-")
    .slice(0, 32);
  const hash = createHash("sha256").update(project).digest("hex").slice(0, 12);
  for (const parent of parents()) {
    await clearAway(parent);
    const base = await createBase(parent, `${slug}-${hash}`);
    if (base !== null && (await suits(base, account))) {
      await writeFile(join(base, "project"), `${project}\n`, { mode: 0o644 });
      return base;
    }
  }
  const base = await mkdtemp(join(await realpath(tmpdir()), "dazzle-postgres-"));
  await chmod(base, 0o711);
  if (!(await suits(base, account))) throw unreachableData(base, account);
  await writeFile(join(base, "project"), `${project}\n`, { mode: 0o644 });
  return base;
}

/** Removes what stood in for projects in the temporary folder that are gone. Others may come back. */
async function clearAway(parent: string): Promise<void> {
  if (!(await isSafe(parent))) return;
  const temporary = join(await realpath(tmpdir()), "/");
  for (const name of await readdir(parent)) {
    const base = join(parent, name);
    const project = (await attempt(() => readFile(join(base, "project"), "utf8")))?.trim() ?? "";
    if (!project.startsWith(temporary)) continue;
    if ((await attempt(() => lstat(project))) !== null) continue;
    if ((await findPostmaster(join(base, "postgres"))) !== null) continue;
    await rm(base, { recursive: true, force: true });
  }
}

function parents(): string[] {
  if (process.getuid?.() === 0) return ["/var/lib/dazzle-supervise", "/var/db/dazzle-supervise"];
  const state = process.env["XDG_STATE_HOME"];
  const folder =
    state !== undefined && isAbsolute(state) ? state : join(homedir(), ".local", "state");
  return [join(folder, "dazzle-supervise")];
}

async function createBase(parent: string, leaf: string): Promise<string | null> {
  const root = process.getuid?.() === 0;
  // For root the system's own folders only; a user's state folder may have to be created.
  if (root && (await attempt(() => stat(dirname(parent)))) === null) return null;
  const base = join(parent, leaf);
  try {
    if (!root) await mkdir(dirname(parent), { recursive: true });
    for (const folder of [parent, base]) {
      if ((await attempt(() => lstat(folder))) !== null) continue;
      await mkdir(folder);
      await chmod(folder, 0o711);
    }
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
  return (await isSafe(parent)) && (await isSafe(base)) ? base : null;
}

/** A real folder, ours, that nobody else can write to. */
async function isSafe(folder: string): Promise<boolean> {
  const found = await attempt(() => lstat(folder));
  return (
    found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  );
}

function unreachableData(data: string, account: Account | null): SuperviseError {
  return new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: `the development database's data cannot be reached by ${account?.name ?? "this user"}`,
    where: data,
    remedy:
      account === null
        ? "it belongs to another user: run as that user, or as root"
        : "make the folders above it passable (chmod o+x)",
  });
}

function unusable(home: string, error: unknown): SuperviseError {
  const code = errorCode(error);
  const denied = code === "EACCES" || code === "EPERM";
  return new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: `the development database has no place: ${error instanceof Error ? error.message : String(error)}`,
    where: home,
    remedy: denied
      ? "it belongs to another user, perhaps because the project was run as root before: run as that user, or remove it as that user (its development data goes with it)"
      : "make the project's folder writable, or set DATABASE_URL to a server of your own",
    cause: error,
  });
}
