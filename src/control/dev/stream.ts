/** Server-sent events to one page: first all that there is, then what is new. */
import type { ServerResponse } from "node:http";
import type { Status } from "../protocol.js";
import { SAMPLE_FIELDS, type History } from "./history.js";
import type { FeedLine } from "./wire.js";
import type { DevTarget } from "./target.js";

/** Lines are gathered this long, so that a flood of them is a few messages. */
const GATHER_MS = 100;
/** A page that can't take what it is sent is cut off, and comes back for a fresh start. */
const MOST_UNSENT = 4 * 1024 * 1024;

export interface StreamInput {
  readonly response: ServerResponse;
  readonly dev: DevTarget;
  readonly history: History;
  readonly status: () => Status;
}

export function streamEvents({ response, dev, history, status }: StreamInput): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-accel-buffering": "no",
  });
  const send = (event: string, data: unknown): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (response.writableLength > MOST_UNSENT) response.destroy();
  };
  const { feed, project } = dev;
  const hello = { project, fields: SAMPLE_FIELDS, samples: history.samples() };
  send("hello", { ...hello, status: status(), lines: feed.lines(), problem: feed.problem() });

  let gathered: FeedLine[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    timer = undefined;
    const lines = gathered;
    gathered = [];
    send("log", { lines, problem: feed.problem() });
  };
  const endLines = feed.subscribe((line) => {
    gathered.push(line);
    timer ??= setTimeout(flush, GATHER_MS);
  });
  const endSamples = history.subscribe((sample, current) =>
    send("sample", { sample, status: current }),
  );
  response.once("close", () => {
    clearTimeout(timer);
    endLines();
    endSamples();
  });
}
