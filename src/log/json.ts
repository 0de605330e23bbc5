/** Log lines as JSON, one object a line: `time level event msg pid worker?` and the event's fields. */
import type { LineSource, LogLine } from "./logger.js";
import { parseRecord } from "./record.js";

export const formatJson = ({ time, level, event, msg, fields }: LogLine): string =>
  `${JSON.stringify({ time, level, event, msg, pid: process.pid, ...fields }, plain)}\n`;

/** Errors and big integers as something JSON can say. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === "bigint" ? value.toString() : value;
}

/** A worker's lines, wrapped; its own log lines keep their level and fields. */
export function outputJson(source: LineSource, lines: readonly string[]): string {
  const time = new Date().toISOString();
  const level = source.stream === "stderr" ? "warn" : "info";
  const head = `{"time":"${time}","level":"${level}","msg":`;
  const tail = `,"pid":${process.pid},"worker":${source.worker},"stream":"${source.stream}"}\n`;
  let text = "";
  for (const line of lines) {
    const record = parseRecord(line);
    text +=
      record === null
        ? head + JSON.stringify(line) + tail
        : `${JSON.stringify({ ...record, worker: source.worker })}\n`;
  }
  return text;
}
