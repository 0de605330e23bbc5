/** One line on stderr that says how far a backup is, at which rate, and how long it will take. */
import type { Progress } from "../../backup/progress.js";
import { formatDuration, formatSize } from "../../util/units.js";
import type { Io } from "../context.js";

/** Redrawn at most this often. */
const EVERY_MS = 200;
/** The start of a phase says nothing of its rate: until then no time left is shown. */
const SURE_AFTER_MS = 2_000;
const CLEAR_LINE = "\r\u001b[K";

/** `database 120 MB of 1.2 GB, 95 MB/s, 11s left` */
export function progressLine(
  phase: string,
  done: number,
  total: number | null,
  elapsedMs: number,
): string {
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1_000 : 0;
  const speed = rate > 0 ? `, ${formatSize(rate)}/s` : "";
  if (total === null || total <= 0) return `${phase} ${formatSize(done)}${speed}`;
  const known = rate > 0 && done < total && elapsedMs >= SURE_AFTER_MS;
  const left = known ? Math.ceil((total - done) / rate) * 1_000 : null;
  const eta = left === null ? "" : `, ${formatDuration(left)} left`;
  return `${phase} ${formatSize(Math.min(done, total))} of ${formatSize(total)}${speed}${eta}`;
}

export function showProgress(io: Io): Progress {
  let phase = "";
  let total: number | null = null;
  let done = 0;
  let started = 0;
  let drawn = 0;
  let visible = false;
  const draw = (now: number): void => {
    drawn = now;
    visible = true;
    io.stderr(CLEAR_LINE + progressLine(phase, done, total, now - started));
  };
  return {
    phase(name, bytes) {
      phase = name;
      total = bytes;
      done = 0;
      started = performance.now();
      draw(started);
    },
    add(bytes) {
      done += bytes;
      const now = performance.now();
      if (now - drawn >= EVERY_MS) draw(now);
    },
    pause() {
      if (visible) io.stderr(CLEAR_LINE);
      visible = false;
    },
  };
}
