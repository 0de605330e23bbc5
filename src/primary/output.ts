/**
 * A worker's stdout and stderr to the log: whole lines, in their order. When the log can't take more, the
 * pipes are left unread, which stops the worker at its next write instead of filling memory here.
 */
import type { Readable } from "node:stream";
import type { LogSink } from "../log/logger.js";
import { createLineMeter } from "./lean-heap.js";
import { createLineSplitter } from "../log/line-splitter.js";

/** How many of a worker's last stderr lines are kept to tell what ended it. */
const LAST_WORDS = 30;

/** What Node itself says on stderr about its inspector, which is opened to read a stuck worker's stack. */
const INSPECTOR = /^(Debugger (listening|attached|ending)|For help, see: https:.*inspector)/;
const INSPECTOR_URL = /^Debugger listening on (ws:\S+)/;

export interface Output {
  /** From now on, hands over the inspector's address and keeps its chatter out of the log. */
  expectInspector(listening: (url: string) => void): void;
  /** The log can't take more, so the worker may be waiting in the middle of a write. */
  heldUp(): boolean;
  /** The last lines of stderr. */
  lastWords(): string;
  /** Settles when both streams have ended and their last lines are in the log. */
  readonly ended: Promise<void>;
}

export interface OutputInput {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The worker's slot; it changes when a spare is promoted. */
  readonly slot: () => number;
  readonly log: LogSink;
}

export function forwardOutput({ stdout, stderr, slot, log }: OutputInput): Output {
  const meter = createLineMeter(() => performance.now());
  let last: string[] = [];
  let paused = 0;
  let expecting: ((url: string) => void) | null = null;
  const withoutInspector = (lines: readonly string[]): readonly string[] => {
    if (expecting === null) return lines;
    for (const line of lines) {
      const url = INSPECTOR_URL.exec(line)?.[1];
      if (url !== undefined) expecting(url);
    }
    return lines.filter((line) => !INSPECTOR.test(line));
  };
  const forward = (stream: Readable | null, name: "stdout" | "stderr"): Promise<void> => {
    if (stream === null) return Promise.resolve();
    const splitter = createLineSplitter();
    const pass = (all: readonly string[]) => {
      const lines = name === "stderr" ? withoutInspector(all) : all;
      if (lines.length === 0) return;
      meter(lines.length);
      if (name === "stderr") last = [...last, ...lines.slice(-LAST_WORDS)].slice(-LAST_WORDS);
      log.output({ worker: slot(), stream: name }, lines);
      const full = log.drained();
      if (full === null) return;
      stream.pause();
      paused += 1;
      void full.then(() => {
        paused -= 1;
        stream.resume();
      });
    };
    stream.on("data", (chunk: Buffer) => pass(splitter.push(chunk)));
    return new Promise((resolve) => {
      stream.once("close", () => {
        pass(splitter.rest());
        resolve();
      });
      // A pipe that breaks ends like one that closes; "close" follows.
      stream.on("error", () => undefined);
    });
  };
  const ended = Promise.all([forward(stdout, "stdout"), forward(stderr, "stderr")]);
  return {
    expectInspector: (listening) => {
      expecting = listening;
    },
    heldUp: () => paused > 0,
    lastWords: () => last.join("\n").trim(),
    ended: ended.then(() => undefined),
  };
}
