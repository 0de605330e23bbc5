import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, type TestContext } from "vitest";
import { createLogger } from "../../../src/log/sink.js";

const FULL = "/dev/full";

/** The file as a stream that nobody may write to: the log has to use its descriptor. */
function opened(path: string) {
  const fd = openSync(path, "a");
  onTestFinished(() => closeSync(fd));
  return {
    fd,
    write: (): boolean => expect.unreachable("written to the stream"),
    on: () => undefined,
    once: () => undefined,
    removeListener: () => undefined,
  };
}

function logTo(path: string) {
  const losses: string[] = [];
  const stream = opened(path);
  const log = createLogger({
    format: "json",
    level: "info",
    stream,
    onLoss: (code) => losses.push(code),
  });
  return { log, losses };
}

/** A file system of 16 kB; skips where none can be mounted. */
function smallDisk(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "supervise-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder]);
  onTestFinished(() => {
    if (mounted.status === 0) spawnSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  if (mounted.status !== 0) context.skip("nothing can be mounted here");
  return folder;
}

const texts = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const messages = (lines: readonly string[]): unknown[] =>
  lines.filter((line) => line !== "").map((line) => messageOf(JSON.parse(line)));
const messageOf = (line: unknown): unknown =>
  typeof line === "object" && line !== null && "msg" in line ? line.msg : line;

describe.skipIf(!existsSync(FULL))("a device that is full", () => {
  test("ends nothing, and is told of once however many lines it refuses", () => {
    const { log, losses } = logTo(FULL);
    for (let line = 0; line < 100; line += 1) log.info(`line ${line}`);
    log.output({ worker: 1, stream: "stdout" }, ["one", "two"]);
    expect(losses).toEqual(["ENOSPC"]);
    expect(log.drained()).toBeNull();
  });
});

describe("a disk that becomes full", () => {
  test("keeps whole lines and one torn one; what is lost is counted once there is room", (context) => {
    const path = join(smallDisk(context), "app.log");
    const { log, losses } = logTo(path);
    for (let line = 0; line < 500; line += 1) log.info(`line ${line}`);
    expect(losses).toEqual(["ENOSPC"]);
    const kept = messages(texts(path));
    expect(kept).toEqual(kept.map((_line, at) => `line ${at}`));
    expect(kept.length).toBeGreaterThan(50);
    truncateSync(path);
    log.info("there is room");
    const [blank, ...after] = texts(path);
    expect(blank).toBe("");
    expect(messages(after)).toEqual([
      `${500 - kept.length} lines before this one could not be written (ENOSPC)`,
      "there is room",
    ]);
    log.info("and goes on");
    expect(messages(texts(path)).at(-1)).toBe("and goes on");
    expect(losses).toHaveLength(1);
  });

  test("is told of again when it is full again", (context) => {
    const path = join(smallDisk(context), "app.log");
    const { log, losses } = logTo(path);
    for (let line = 0; line < 500; line += 1) log.info(`line ${line}`);
    truncateSync(path);
    for (let line = 0; line < 500; line += 1) log.info(`line ${line}`);
    expect(losses).toEqual(["ENOSPC", "ENOSPC"]);
  });
});

test("a file takes all lines of a large piece, in order", () => {
  const folder = mkdtempSync(join(tmpdir(), "supervise-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "app.log");
  const { log, losses } = logTo(path);
  const lines = Array.from({ length: 5_000 }, (_line, at) => `line ${at}`);
  log.output({ worker: 1, stream: "stdout" }, lines);
  expect(messages(texts(path))).toEqual(lines);
  expect(losses).toEqual([]);
});
