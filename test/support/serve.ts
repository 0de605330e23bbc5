/** A supervised fixture in a temporary project, on a free port. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  cleanEnvironment,
  FIXTURES,
  freePort,
  launch,
  type LogLine,
  PROGRAM,
  project,
  type Running,
} from "./supervisor.js";

export interface Serving extends Running {
  readonly port: number;
  readonly cwd: string;
  /** Runs another command of the program on the same project. */
  command(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Waits for this many lines of any kind that match. */
  says(match: (line: LogLine) => boolean, count?: number): Promise<void>;
  /** The pids of the workers that are ready now, by slot. */
  workers(): Promise<number[]>;
}

export interface ServeInput {
  readonly app: string;
  readonly url: string;
  readonly workers?: number;
  /** Lines of the `[supervisor]` section. */
  readonly supervisor?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly [string, ...string[]];
  readonly files?: Readonly<Record<string, string>>;
}

export async function serve(input: ServeInput): Promise<Serving> {
  const { app, url, workers = 2, supervisor = "", args = [], env = {}, files = {} } = input;
  const port = await freePort();
  const cwd = project({
    "dazzle.toml": `[project]\nname = "fixture"\n[supervisor]\n${supervisor}\n`,
    ...files,
  });
  const entry = app in files ? app : join(FIXTURES, app);
  const running = launch({
    cwd,
    args: [
      "serve",
      entry,
      "--no-watch",
      "--log-format",
      "json",
      "--workers",
      String(workers),
      "--port",
      String(port),
      ...args,
    ],
    env: { DATABASE_URL: url, ...env },
    ...(input.command === undefined ? {} : { command: input.command }),
  });
  const command: Serving["command"] = async (...words) => {
    try {
      const done = await promisify(execFile)(process.execPath, [PROGRAM, ...words], {
        cwd,
        env: { ...cleanEnvironment(), DATABASE_URL: url },
      });
      return { code: 0, ...done };
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "number")
        throw error;
      const text = (name: string): string => {
        const value: unknown = Reflect.get(error, name);
        return typeof value === "string" ? value : "";
      };
      return { code: error.code, stdout: text("stdout"), stderr: text("stderr") };
    }
  };
  return {
    ...running,
    port,
    cwd,
    command,
    says: async (match, count = 1) => {
      const ended = running.exited.then(() => true);
      while (running.log.filter(match).length < count) {
        const said = new Promise<boolean>((resolve) => {
          running.child.stdout?.once("data", () => resolve(false));
        });
        if (!(await Promise.race([said, ended]))) continue;
        if (running.log.filter(match).length >= count) return;
        throw new Error(`the program ended before it said so\n${running.stdout().slice(-4_000)}`);
      }
    },
    workers: async () => {
      const { stdout } = await command("status", "--json");
      const status: unknown = JSON.parse(stdout);
      return readyPids(status);
    },
  };
}

/** The same, once it serves. */
export async function serveReady(input: ServeInput): Promise<Serving> {
  const running = await serve(input);
  await running.waitFor("supervisor.ready");
  return running;
}

const hasWorkers = (value: unknown): value is { workers: { pid: number; state: string }[] } =>
  typeof value === "object" && value !== null && "workers" in value;

function readyPids(status: unknown): number[] {
  if (!hasWorkers(status)) throw new TypeError("not a status document");
  return status.workers.filter(({ state }) => state === "ready").map(({ pid }) => pid);
}
