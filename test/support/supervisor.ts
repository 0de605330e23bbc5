/** Runs the built program in a project of its own and waits for what its log says. */
import { spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "supervise.js");
export const FIXTURES = join(import.meta.dirname, "..", "fixtures", "apps");

/** One line of the log in json format. */
export type LogLine = Readonly<Record<string, unknown>> & { event?: string; msg?: string };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Every line of the log so far. */
  readonly log: readonly LogLine[];
  /** The names of the events so far, in order. */
  events(): string[];
  /** The first line, past or to come, that has the event and fulfils `match`. Rejects when the program ends first. */
  waitFor(event: string, match?: (line: LogLine) => boolean): Promise<LogLine>;
  /** The first line, past or to come, whose message holds `part`. */
  waitForMessage(part: string): Promise<LogLine>;
  readonly exited: Promise<Exit>;
  /** Signals and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Exit>;
  stdout(): string;
  stderr(): string;
}

interface Waiter {
  /** Null: any line. */
  event: string | null;
  match: (line: LogLine) => boolean;
  resolve: (line: LogLine) => void;
  reject: (error: Error) => void;
}

/** A folder of its own for the test, with these files; removed at the end. */
export function project(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "supervise-project-")));
  // The embedded server of a run by root belongs to another user, who has to reach it.
  chmodSync(folder, 0o755);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment without anything that configures the program. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(DAZZLE_.*|PG.*|DATABASE_.*|WEB_CONCURRENCY|PORT|HOST|NODE_ENV|NODE_OPTIONS|VITEST.*|NOTIFY_SOCKET|LISTEN_.*|WATCHDOG_.*|NO_COLOR|FORCE_COLOR)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

export interface LaunchInput {
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What to run instead of `node bin/supervise.js`; `args` follow it. */
  readonly command?: readonly [string, ...string[]];
}

/** Starts the program; whatever is left of it at the test's end is killed. */
export function launch({ cwd, args = [], env = {}, command }: LaunchInput): Running {
  const [file, ...before] = command ?? [process.execPath, PROGRAM];
  const child = spawn(file, [...before, ...args], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log: LogLine[] = [];
  const waiters = new Set<Waiter>();
  let stdout = "";
  let stderr = "";
  let partial = "";
  let ended: Exit | null = null;

  const failure = (waiter: Waiter): Error =>
    new Error(
      `the program ended (${JSON.stringify(ended)}) before ${waiter.event ?? "what was waited for"}\n${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`,
    );
  const take = (text: string): void => {
    const line = parseLine(text);
    if (line === null) return;
    log.push(line);
    for (const waiter of waiters) {
      if ((waiter.event === null || line.event === waiter.event) && waiter.match(line)) {
        waiters.delete(waiter);
        waiter.resolve(line);
      }
    }
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    const lines = (partial + chunk).split("\n");
    partial = lines.pop() ?? "";
    lines.forEach(take);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      ended = { code, signal };
      for (const waiter of waiters) waiter.reject(failure(waiter));
      resolve(ended);
    });
  });
  onTestFinished(async () => {
    if (ended === null) child.kill("SIGKILL");
    await exited;
  });
  const waitFor = (event: string | null, match: (line: LogLine) => boolean): Promise<LogLine> => {
    const past = log.find((line) => (event === null || line.event === event) && match(line));
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const waiter = { event, match, resolve, reject };
      if (ended === null) waiters.add(waiter);
      else reject(failure(waiter));
    });
  };
  return {
    child,
    pid: child.pid ?? 0,
    log,
    events: () => log.flatMap(({ event }) => (event === undefined ? [] : [event])),
    waitFor: (event, match = () => true) => waitFor(event, match),
    waitForMessage: (part) => waitFor(null, (line) => line.msg?.includes(part) === true),
    exited,
    end: (signal = "SIGTERM") => {
      child.kill(signal);
      return exited;
    },
    stdout: () => stdout,
    stderr: () => stderr,
  };
}

function parseLine(text: string): LogLine | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** True while a process of that pid exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (!existsSync("/proc/self/stat")) return true;
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !text.slice(text.lastIndexOf(")")).startsWith(") Z");
  } catch (error) {
    // Between the two looks it may have been reaped.
    const gone: unknown[] = ["ESRCH", "ENOENT"];
    if (error instanceof Error && "code" in error && gone.includes(error.code)) return false;
    throw error;
  }
}
