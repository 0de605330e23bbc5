/** Draws a view again and again in place, until interrupted or until drawing fails. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Io } from "../context.js";

const EVERY_MS = 1_000;
const TOP_AND_CLEAR = "\u001b[H\u001b[2J";

/** On a terminal each view replaces the last; elsewhere they follow one another. */
export async function refresh(io: Io, draw: () => Promise<string>): Promise<void> {
  const stop = new AbortController();
  const interrupted = once(process, "SIGINT", { signal: stop.signal });
  try {
    let going = true;
    while (going) {
      const view = await draw();
      io.stdout(process.stdout.isTTY ? TOP_AND_CLEAR + view : view);
      going = await Promise.race([
        delay(EVERY_MS, true, { signal: stop.signal }),
        interrupted.then(() => false),
      ]);
    }
  } finally {
    stop.abort();
    await interrupted.catch(() => undefined);
  }
}
