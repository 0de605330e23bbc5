/**
 * Writes lines to a file at once, and keeps account of those that it does not take: a full disk neither
 * ends the program nor tears one line into another, and what was lost is said once there is room again.
 */
import { writeSync } from "node:fs";

export interface FileWriter {
  /** Whole lines. */
  write(text: string): void;
  /** From now on to this descriptor. */
  turnTo(fd: number): void;
}

export interface LossReport {
  /** Lines begin to be lost; `code` says why, as the system does. */
  begins(code: string): void;
  /** The line about those that were lost, to be written before the next one. */
  tell(lines: number, code: string): string;
}

export function createFileWriter(first: number, report: LossReport | null): FileWriter {
  let fd = first;
  /** What is in the file does not end with a line's end. */
  let torn = false;
  let lost = 0;
  let why = "";

  /** Returns what the file did not take. */
  const put = (bytes: Buffer): Buffer => {
    let rest = bytes;
    try {
      while (rest.length > 0) {
        const taken = writeSync(fd, rest);
        if (taken === 0) throw Object.assign(new Error("nothing was taken"), { code: "ENOSPC" });
        torn = rest[taken - 1] !== NEW_LINE;
        rest = rest.subarray(taken);
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      why = String(error.code);
    }
    return rest;
  };

  return {
    write: (text) => {
      if (torn && put(Buffer.of(NEW_LINE)).length > 0) {
        lost += countLines(text);
        return;
      }
      if (lost > 0 && report !== null) {
        // Written in part, it is said again; who reads finds the larger number.
        if (put(Buffer.from(report.tell(lost, why))).length > 0) {
          lost += countLines(text);
          return;
        }
      }
      const told = lost;
      lost = countLines(put(Buffer.from(text)));
      if (lost > 0 && told === 0) report?.begins(why);
    },
    turnTo: (next) => {
      fd = next;
      torn = false;
    },
  };
}

const NEW_LINE = 10;

function countLines(text: string | Buffer): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
