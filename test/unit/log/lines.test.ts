import { describe, expect, test } from "vitest";
import { createLineSplitter } from "../../../src/log/line-splitter.js";
import { createLogger } from "../../../src/log/sink.js";
import { isToPrimary, isToWorker, PROTOCOL } from "../../../src/ipc/messages.js";

/** A stream that keeps what is written; `room` says whether it has room for more. */
function memory(room = true) {
  let text = "";
  let drain: (() => void) | null = null;
  return {
    text: () => text,
    lines: () =>
      text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    drain: () => drain?.(),
    stream: {
      write: (chunk: string) => {
        text += chunk;
        return room;
      },
      once: (event: "drain" | "error", listener: () => void) => {
        if (event === "drain") drain = listener;
      },
      on: () => undefined,
      removeListener: () => undefined,
    },
  };
}

describe("splitting output into lines", () => {
  const all = (...chunks: Buffer[]): string[] => {
    const splitter = createLineSplitter();
    return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.rest()];
  };

  test("joins a line that comes in pieces", () => {
    expect(all(Buffer.from("on"), Buffer.from("e\ntw"), Buffer.from("o"))).toEqual(["one", "two"]);
  });

  test("keeps a character whole that a chunk's end cuts", () => {
    const bytes = Buffer.from("äöü€\n");
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(all(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(["äöü€"]);
    }
  });

  test("keeps empty lines and drops carriage returns at line ends", () => {
    expect(all(Buffer.from("a\r\n\nb\r\n"))).toEqual(["a", "", "b"]);
  });

  test("passes an endless line on in pieces, so memory stays bounded", () => {
    const splitter = createLineSplitter();
    const pieces = Array.from({ length: 40 }, () =>
      splitter.push(Buffer.alloc(1024 * 1024, "x")),
    ).flat();
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.join("").length + splitter.rest().join("").length).toBe(40 * 1024 * 1024);
  });

  test("keeps a line of some megabytes whole", () => {
    const pieces = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, "x"));
    expect(all(...pieces, Buffer.from("\nnext\n")).map((line) => line.length)).toEqual([
      4 * 1024 * 1024,
      4,
    ]);
  });
});

describe("the log in json", () => {
  test("is one object a line with time, level, event, msg and pid first", () => {
    const sink = memory();
    const log = createLogger({ format: "json", level: "info", stream: sink.stream });
    log.event("info", "worker.ready", "up", { worker: 2 });
    expect(Object.keys(sink.lines()[0] ?? {})).toEqual([
      "time",
      "level",
      "event",
      "msg",
      "pid",
      "worker",
    ]);
  });

  test("leaves out what is below its level", () => {
    const sink = memory();
    createLogger({ format: "json", level: "warn", stream: sink.stream }).info("no");
    expect(sink.text()).toBe("");
  });

  test("wraps a worker's line, and keeps the fields of its own log lines", () => {
    const own = memory();
    createLogger({ format: "record", level: "debug", stream: own.stream }).warn("mine", { a: 1 });
    const sink = memory();
    const log = createLogger({ format: "json", level: "info", stream: sink.stream });
    log.output({ worker: 3, stream: "stdout" }, ['{"not":"ours"}', own.text().trimEnd()]);
    expect(sink.lines()).toMatchObject([
      { level: "info", msg: '{"not":"ours"}', worker: 3, stream: "stdout" },
      { level: "warn", msg: "mine", a: 1, worker: 3 },
    ]);
  });

  test("says when its reader is slow, and when it is not any more", async () => {
    const sink = memory(false);
    const log = createLogger({ format: "json", level: "info", stream: sink.stream });
    expect(log.drained()).toBeNull();
    log.info("full");
    const waiting = log.drained();
    expect(waiting).not.toBeNull();
    sink.drain();
    await waiting;
    expect(log.drained()).toBeNull();
  });
});

test("the pretty log names worker and stream in front of each line", () => {
  const sink = memory();
  const log = createLogger({ format: "pretty", level: "info", stream: sink.stream });
  log.output({ worker: 1, stream: "stdout" }, ["one", "two"]);
  expect(sink.text()).toContain("worker 1");
  expect(sink.text().trimEnd().split("\n")).toHaveLength(2);
});

test("the pretty log repeats no field that the sentence has said, and keeps those of trouble", () => {
  const sink = memory();
  const log = createLogger({ format: "pretty", level: "info", stream: sink.stream });
  log.event("info", "budget.ok", "11 of 197 connections", { demand: 11, capacity: 197 });
  log.event("warn", "budget.exceeded", "211 of 197 connections", { demand: 211 });
  log.event("info", "worker.ready", "worker 1 ready", { boot_ms: 80 });
  const reason = "rows may hold nulls";
  log.event("warn", "migrate.unsafe", `set_not_null note.body: ${reason}`, {
    table: "note",
    reason,
  });
  const [fine, trouble, ready, unsafe] = sink.text().split("\n");
  expect(fine).toMatch(/11 of 197 connections$/);
  expect(trouble).toMatch(/211 of 197 connections demand=211$/);
  expect(ready).toMatch(/worker 1 ready boot_ms=80$/);
  expect(unsafe).toMatch(/rows may hold nulls table=note$/);
});

describe("messages between primary and worker", () => {
  test("are told from the application's own, and from another version's", () => {
    expect(isToPrimary({ v: PROTOCOL, type: "ready", address: null })).toBe(true);
    expect(isToPrimary({ v: PROTOCOL + 1, type: "ready", address: null })).toBe(false);
    expect(isToPrimary({ type: "ready" })).toBe(false);
    expect(isToWorker({ v: PROTOCOL, type: "drain", timeoutMs: 1 })).toBe(true);
    for (const other of [null, 1, "ready", [], {}]) {
      expect(isToPrimary(other)).toBe(false);
      expect(isToWorker(other)).toBe(false);
    }
  });
});
