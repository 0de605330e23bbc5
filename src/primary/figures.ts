/** CPU and memory of workers from /proc: two small reads a worker, no process started. */
import { readFileSync } from "node:fs";

export interface Figures {
  readonly rssBytes: number;
  /** Of one CPU, since the last look. */
  readonly cpuPercent: number;
}

const PAGE_BYTES = 4_096;
/** Clock ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100;

export interface FigureReader {
  read(pid: number): Figures;
  forget(pid: number): void;
}

export function createFigureReader(): FigureReader {
  const last = new Map<number, { ticks: number; at: number; percent: number }>();
  return {
    read: (pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, "latin1");
        // The program's name may hold anything, so fields are counted after its closing bracket.
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
        const ticks = Number(fields[11]) + Number(fields[12]);
        const at = performance.now();
        const before = last.get(pid);
        const percent =
          before === undefined || at - before.at < 100
            ? (before?.percent ?? 0)
            : Math.round(((ticks - before.ticks) / TICKS / ((at - before.at) / 1_000)) * 1_000) /
              10;
        if (before === undefined || at - before.at >= 100) last.set(pid, { ticks, at, percent });
        return { rssBytes: Number(fields[21]) * PAGE_BYTES, cpuPercent: percent };
      } catch {
        // The process is gone, or this system has no /proc.
        return { rssBytes: 0, cpuPercent: 0 };
      }
    },
    forget: (pid) => void last.delete(pid),
  };
}
