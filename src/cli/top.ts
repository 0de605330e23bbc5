/** The loop of `supervise top`: asks each second, draws, obeys keys, and leaves the terminal as it was. */
import {
  fetchStatus,
  requestReload,
  requestScale,
  type RunningSupervisor,
} from "../control/client.js";
import type { Status } from "../control/protocol.js";
import { formatDuration } from "../util/units.js";
import type { Io } from "./context.js";
import { renderTop } from "./render/top.js";
import { counted } from "../util/counted.js";

const EVERY_MS = 1_000;
const ESCAPE = "\u001b";
/** The alternate screen without a cursor, so that what was on the screen is there again afterwards. */
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l`;
const LEAVE = `${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const CLEAR = `${ESCAPE}[2J`;
const CLEAR_LINE = `${ESCAPE}[K`;
const KEPT = 60;
/** Ctrl-C is a key in raw mode; these come from elsewhere. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function runTop(supervisor: RunningSupervisor, io: Io): Promise<void> {
  const { stdin, stdout } = process;
  let status: Status = await fetchStatus(supervisor);
  let waits: number[] = [];
  let message = "";
  let finish: (error?: unknown) => void = () => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    finish = (error) => (error === undefined ? resolve() : reject(asError(error)));
  });

  const draw = (): void => {
    // A terminal that does not know its size says 0.
    const screen = { columns: stdout.columns || 80, rows: stdout.rows || 24, colour: io.colour };
    const lines = renderTop({ status, waits, message }, screen).split("\n");
    io.stdout(HOME + lines.map((line) => line + CLEAR_LINE).join("\n"));
  };
  // What stood at the old size would be left behind.
  const redraw = (): void => {
    io.stdout(CLEAR);
    draw();
  };
  const refresh = async (): Promise<void> => {
    status = await fetchStatus(supervisor);
    waits = [...waits, status.waits?.at(-1) ?? 0].slice(-KEPT);
    draw();
  };
  const say = (text: string): void => {
    message = text;
    draw();
  };
  const order = async (doing: string, work: () => Promise<string>): Promise<void> => {
    say(doing);
    try {
      const outcome = await work();
      // The next key counts from what is now.
      status = await fetchStatus(supervisor);
      say(outcome);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  const scale = (by: number): Promise<void> => {
    const wanted = new Set(status.workers.map(({ id }) => id)).size + by;
    if (wanted < 1) {
      say("one worker is left; q quits, supervise stop ends it");
      return Promise.resolve();
    }
    return order(`scaling to ${wanted}...`, async () => {
      const { from, to } = await requestScale(supervisor, wanted);
      return `scaled from ${from} to ${counted(to, "worker")}`;
    });
  };
  const reload = (): Promise<void> =>
    order("reloading...", async () => {
      const result = await requestReload(supervisor, {});
      return result.outcome === "done"
        ? `generation ${result.generation} serves after ${formatDuration(result.duration_ms)}`
        : `reload abandoned: ${result.reason ?? "see the log"}`;
    });
  const pressed = (data: Buffer): void => {
    for (const key of data.toString("utf8")) {
      // Ctrl-C and Ctrl-D arrive as keys, because the terminal is in raw mode.
      if (key === "q" || key === "\u0003" || key === "\u0004") finish();
      else if (key === "r") void reload();
      else if (key === "+" || key === "=") void scale(1);
      else if (key === "-") void scale(-1);
    }
  };
  const stop = (): void => finish();

  io.stdout(ENTER);
  stdin.setRawMode(true);
  stdin.on("data", pressed);
  stdin.resume();
  stdout.on("resize", redraw);
  for (const signal of SIGNALS) process.once(signal, stop);
  const timer = setInterval(() => void refresh().catch(finish), EVERY_MS);
  draw();
  try {
    await finished;
  } finally {
    clearInterval(timer);
    for (const signal of SIGNALS) process.removeListener(signal, stop);
    stdout.removeListener("resize", redraw);
    stdin.removeListener("data", pressed);
    stdin.setRawMode(false);
    stdin.pause();
    io.stdout(LEAVE);
  }
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
