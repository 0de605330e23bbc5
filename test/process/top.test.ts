/** `supervise top` in a real pseudo-terminal, which util-linux's `script` makes. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady, type Serving } from "../support/serve.js";
import { cleanEnvironment, launch, PROGRAM } from "../support/supervisor.js";

const SCRIPT = "/usr/bin/script";
const ESCAPE = "\u001b";
const ENTER = `${ESCAPE}[?1049h`;
const LEAVE = `${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const SEQUENCE = new RegExp(String.raw`${ESCAPE}\[[0-9;?]*[A-Za-z]`, "g");

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

interface Terminal {
  /** The terminal's device. */
  readonly tty: string;
  press(keys: string): void;
  /** Resolves when the last whole frame fulfils this. */
  shows(what: (lines: readonly string[]) => boolean): Promise<void>;
  readonly exited: Promise<number | null>;
  output(): string;
}

async function top({ cwd }: Serving, rows: number, columns: number): Promise<Terminal> {
  const command = `stty rows ${rows} cols ${columns}; tty; exec '${process.execPath}' '${PROGRAM}' top`;
  const child = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
    cwd,
    env: { ...cleanEnvironment(), TERM: "xterm", SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  let ended = false;
  void exited.then(() => (ended = true));
  onTestFinished(async () => {
    if (!ended) child.kill("SIGKILL");
    await exited;
  });
  const until = async (look: () => boolean): Promise<void> => {
    while (!look()) {
      if (ended) throw new Error(`top has ended: ${JSON.stringify(output.slice(-2_000))}`);
      await new Promise((resolve) => child.stdout.once("data", resolve));
    }
  };
  const lastFrame = (): string[] =>
    (output.split(HOME).at(-1) ?? "").replaceAll(SEQUENCE, "").split(/\r?\n/);
  await until(() => output.includes(ENTER) && lastFrame().length >= rows);
  return {
    tty: /\/dev\/\S+/.exec(output)?.[0] ?? "",
    press: (keys) => void child.stdin.write(keys),
    shows: (what) => until(() => what(lastFrame())),
    exited,
    output: () => output,
  };
}

const serving = () => serveReady({ app: "query-factory.mjs", url: database.url, workers: 1 });

const inTerminal = test.skipIf(!existsSync(SCRIPT));

const has = (text: string) => (lines: readonly string[]) =>
  lines.some((line) => line.includes(text));

inTerminal(
  "top fills the terminal, obeys its keys, follows its size, and leaves the screen as it was",
  async () => {
    const running = await serving();
    const terminal = await top(running, 24, 80);
    await terminal.shows(
      (lines) => lines.length === 24 && lines.every((line) => line.length <= 80),
    );
    terminal.press("+");
    await terminal.shows(has("scaled from 1 to 2 workers"));
    terminal.press("-");
    await terminal.shows(has("scaled from 2 to 1 worker"));
    terminal.press("r");
    await terminal.shows(has("generation 2 serves"));
    await promisify(execFile)("stty", ["-F", terminal.tty, "rows", "12", "cols", "40"]);
    await terminal.shows(
      (lines) => lines.length === 12 && lines.every((line) => line.length <= 40),
    );
    terminal.press("q");
    expect(await terminal.exited).toBe(0);
    expect(terminal.output().split(LEAVE)).toHaveLength(2);
    expect(terminal.output().split(LEAVE)[1]).toBe("");
    expect(await running.workers()).toHaveLength(1);
    expect((await running.end()).code).toBe(0);
  },
);

inTerminal("Ctrl-C, a signal and the supervisor's end leave the screen as it was too", async () => {
  const running = await serving();
  const interrupted = await top(running, 5, 20);
  await interrupted.shows(
    (lines) => lines.length === 5 && lines.every((line) => line.length <= 20),
  );
  interrupted.press("\u0003");
  expect(await interrupted.exited).toBe(0);
  expect(interrupted.output()).toMatch(/\[\?1049l$/);

  const left = await top(running, 24, 80);
  expect((await running.end()).code).toBe(0);
  expect(await left.exited).not.toBe(0);
  expect(left.output()).toContain(LEAVE);
  expect(left.output().split(LEAVE)[1]).toMatch(/supervise: /);
});

test("top without a terminal says what to use instead", async () => {
  const asked = launch({ cwd: process.cwd(), args: ["top"] });
  expect((await asked.exited).code).toBe(64);
  expect(asked.stderr()).toMatch(/^supervise: top needs a terminal.*status --json/);
});
