import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startEmbedded } from "../../src/postgres/embedded.js";
import { isAlive, untilGone } from "../../src/postgres/embedded/process.js";
import { openSession } from "../../src/postgres/session.js";
import { silentLog } from "../support/log.js";
import { listProcesses } from "../support/processes.js";
import { createProject, serverPid, type TestProject } from "../support/server-project.js";

const FIXTURE = join(import.meta.dirname, "../fixtures/postgres/hold-server.mjs");
/** Long enough for a busy machine; it takes a tenth of a second on a quiet one. */
const PATIENCE_MS = 30_000;

let project: TestProject;
const children: ChildProcess[] = [];
beforeEach(async () => {
  project = await createProject();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await project.remove();
});

interface Holder {
  readonly child: ChildProcess;
  readonly url: string;
  /** The next line that it says. */
  says(): Promise<unknown>;
}

async function hold(...command: readonly string[]): Promise<Holder> {
  const [file = process.execPath, ...args] = [
    ...command,
    ...(command.length > 0 ? [process.execPath] : []),
  ];
  const child = spawn(file, [...args, FIXTURE, project.root], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const says = async (): Promise<unknown> => {
    const next = await lines.next();
    if (next.done === true) throw new Error("the holder ended without a word");
    return JSON.parse(next.value);
  };
  const said = await says();
  if (typeof said !== "object" || said === null || !("url" in said)) throw new Error("no url");
  return { child, url: String(said.url), says };
}

async function kill(holder: Holder, name: NodeJS.Signals): Promise<void> {
  const exited = once(holder.child, "exit");
  holder.child.kill(name);
  await exited;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const session = await openSession(url, { applicationName: "test" });
  try {
    return await session.query(sql);
  } finally {
    await session.end();
  }
}

/** The server, its keeper and whatever else runs for this project. */
function family(): number[] {
  return listProcesses()
    .filter(({ command }) => command.includes(project.root) && !command.includes("hold-server.mjs"))
    .map(({ pid }) => pid);
}

describe("when a supervisor is killed", () => {
  test("its development server and all that belongs to it end by themselves", async () => {
    const holder = await hold();
    const processes = family();
    expect(processes).toContain(await serverPid(project.root));
    await kill(holder, "SIGKILL");
    expect(await untilGone(processes, PATIENCE_MS)).toBe(true);
    expect(family()).toEqual([]);
  });

  test("the next start, however soon, serves what was committed", async () => {
    const holder = await hold();
    await query(holder.url, "create table kept as select 42 as answer");
    await kill(holder, "SIGKILL");
    const next = await hold();
    expect(await query(next.url, "select * from kept")).toEqual([{ answer: 42 }]);
    await kill(next, "SIGTERM");
    expect(family()).toEqual([]);
  });

  test("the others that share its server keep it, and the last one ends it", async () => {
    const [first, second, third] = [await hold(), await hold(), await hold()];
    const server = await serverPid(project.root);
    await kill(first, "SIGKILL");
    await kill(second, "SIGTERM");
    expect(await query(third.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await serverPid(project.root)).toBe(server);
    await kill(third, "SIGTERM");
    expect(await isAlive(server)).toBe(false);
    expect(family()).toEqual([]);
  });

  test("while it starts the server, the next start begins anew", async () => {
    const args = [FIXTURE, project.root];
    for (const after of [".gitignore", "postgres.json", "postgres.alive"]) {
      const child = spawn(process.execPath, args, { stdio: "ignore" });
      children.push(child);
      const exited = once(child, "exit");
      await appears(join(project.root, ".dazzle", after));
      child.kill("SIGKILL");
      await exited;
    }
    const holder = await hold();
    expect(await query(holder.url, "select 1 as one")).toEqual([{ one: 1 }]);
    await kill(holder, "SIGTERM");
    expect(family()).toEqual([]);
  });
});

test("an interrupt to the whole process group leaves the server to the supervisor's drain", async () => {
  const holder = await hold();
  const { pid } = holder.child;
  if (pid === undefined) throw new Error("not started");
  process.kill(-pid, "SIGINT");
  expect(await holder.says()).toEqual({ draining: 1 });
  await once(holder.child, "exit");
  expect(family()).toEqual([]);
});

/** uid and gid of `nobody`, as whom root can run a supervisor that is an ordinary user's. */
const NOBODY = 65_534;
const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

/** Why the tests below are not run; null when they are. */
function whyNot(): string | null {
  if (process.getuid?.() !== 0) return "only root can become another user";
  try {
    execFileSync("setpriv", [...asNobody, process.execPath, "--check", FIXTURE], {
      stdio: "ignore",
    });
    return null;
  } catch {
    return "nobody cannot run node or read this checkout";
  }
}

const reason = whyNot();
describe.skipIf(reason !== null)(`an ordinary user${reason === null ? "" : ` (${reason})`}`, () => {
  beforeEach(() => chown(project.root, NOBODY, NOBODY));

  test("runs a server as themselves", async () => {
    const holder = await hold("setpriv", ...asNobody);
    const pid = await serverPid(project.root);
    expect(listProcesses().find((one) => one.pid === pid)?.uid).toBe(NOBODY);
    await kill(holder, "SIGTERM");
    expect(family()).toEqual([]);
  });

  test("goes on with the data that root made in their project, and root with theirs", async () => {
    const first = await startEmbedded({ root: project.root, log: silentLog });
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const holder = await hold("setpriv", ...asNobody);
    expect(await query(holder.url, "select * from kept")).toEqual([{ answer: 42 }]);
    await kill(holder, "SIGTERM");
    const third = await startEmbedded({ root: project.root, log: silentLog });
    expect(await query(third.url, "select * from kept")).toEqual([{ answer: 42 }]);
    await third.stop();
  });
});

/** Polls: the folder itself may not be there yet to be watched. */
async function appears(path: string): Promise<void> {
  while (!existsSync(path)) await setImmediate();
}
