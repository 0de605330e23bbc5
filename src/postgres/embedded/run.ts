/** Small programs that run to their end, and file operations that may fail. */
import { spawn } from "node:child_process";

/** As whom a program runs. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

export interface Ran {
  readonly ok: boolean;
  /** What it wrote to stdout and stderr, or why it could not be started. */
  readonly output: string;
}

/**
 * The environment of every server program: the search paths of this one, nothing that PostgreSQL
 * reads (PGDATA, PGPORT, ...), messages in English.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"] as const;
  const env: NodeJS.ProcessEnv = { LC_ALL: "C", TZ: "UTC" };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** How `spawn` is told to become `account`; null = stay. */
export function identity(account: Account | null): { uid?: number; gid?: number } {
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/** Runs a program to its end, without a terminal, from `/`. Never rejects. */
export function run(
  file: string,
  args: readonly string[],
  account: Account | null,
  input = "",
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: "/",
      env: serverEnvironment(),
      stdio: ["pipe", "pipe", "pipe"],
      ...identity(account),
    });
    const chunks: Buffer[] = [];
    const output = () => Buffer.concat(chunks).toString();
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", (error) => resolve({ ok: false, output: error.message }));
    child.once("close", (code) => resolve({ ok: code === 0, output: output() }));
    // A program that does not read its input closes the pipe first; its exit says what happened.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** The code of a system error, for example `ENOENT`; null for anything else. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

const MISSING: readonly (string | null)[] = ["ENOENT", "ENOTDIR"];
const DENIED: readonly (string | null)[] = [...MISSING, "EACCES", "EPERM", "ELOOP"];

/** What `action` returns, or null when what it names is not there. Other failures are thrown. */
export function attempt<T>(action: () => Promise<T>): Promise<T | null> {
  return unless(MISSING, action);
}

/** Like {@link attempt}, and null also where this process may not look. */
export function look<T>(action: () => Promise<T>): Promise<T | null> {
  return unless(DENIED, action);
}

async function unless<T>(
  codes: readonly (string | null)[],
  action: () => Promise<T>,
): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (codes.includes(errorCode(error))) return null;
    throw error;
  }
}
