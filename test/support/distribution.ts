/** Real primaries and workers with nothing but the distribution, and clients that count everything. */
import { fork, type ChildProcess } from "node:child_process";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** What the fixture's primary and workers say. */
interface Said {
  readonly type: string;
  /** The worker's pid. */
  readonly from?: number;
  readonly name?: string;
  readonly address?: { port: number; address: string } | string;
  readonly code?: string;
  readonly syscall?: string;
  readonly keys?: string;
  readonly workers?: number;
}

export interface Group {
  readonly child: ChildProcess;
  readonly said: readonly Said[];
  do(command: Readonly<Record<string, unknown>>): void;
  /** The first thing said, past or to come, that fits. */
  heard(fits: (said: Said) => boolean): Promise<Said>;
  /** Forks one worker and waits until its server of that name listens. */
  fork(name: string, env: Readonly<Record<string, string>>): Promise<{ pid: number; port: number }>;
}

const PRIMARY = join(import.meta.dirname, "..", "fixtures", "distribution", "primary.mjs");

export function startGroup(setting = "auto", descriptor: number | "ignore" = "ignore"): Group {
  const said: Said[] = [];
  const waiting = new Set<() => void>();
  const child = fork(PRIMARY, {
    env: { ...process.env, SETTING: setting, NODE_OPTIONS: "" },
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc", descriptor],
  });
  child.on("message", (message: Said) => {
    said.push(message);
    for (const look of waiting) look();
  });
  onTestFinished(async () => {
    if (child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.disconnect();
    await ended;
  });
  const heard = (fits: (said: Said) => boolean): Promise<Said> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = said.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const tell = (command: Readonly<Record<string, unknown>>): void => void child.send(command);
  return {
    child,
    said,
    do: tell,
    heard,
    async fork(name, env) {
      const known = new Set(said.map(({ from }) => from));
      tell({ do: "fork", env });
      const { from = 0, address } = await heard(
        (one) => one.type === "listening" && one.name === name && !known.has(one.from),
      );
      return { pid: from, port: typeof address === "object" ? address.port : 0 };
    },
  };
}

export interface Outcome {
  readonly outcome: "answered" | "reset" | "refused" | "stranded";
  /** What was answered: the worker's pid. */
  readonly body: string;
}

/** How long a client may be left without an answer or a reset. */
const STRANDED_MS = 4_000;

/** One request on a connection of its own. */
export const ask = (to: NetConnectOpts, path = "/"): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = connect(to);
    let text = "";
    const end = (outcome: Outcome["outcome"]): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, body: text.slice(text.lastIndexOf("\n") + 1) });
    };
    const timer = setTimeout(() => end("stranded"), STRANDED_MS);
    socket.setEncoding("latin1");
    socket.on("connect", () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
    );
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.on("error", (error) =>
      end("code" in error && error.code === "ECONNREFUSED" ? "refused" : "reset"),
    );
    socket.on("end", () => end(/\d$/.test(text) ? "answered" : "reset"));
  });

/** A kept-alive connection, and which worker answered its first request. */
export const keep = (port: number): Promise<{ socket: Socket; pid: number }> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    });
    onTestFinished(() => void socket.destroy());
    socket.setEncoding("latin1");
    socket.once("data", (text) => {
      resolve({ socket, pid: Number(/\r\n\r\n(\d+)/.exec(String(text))?.[1]) });
    });
    socket.once("error", reject);
  });

/** Clients that ask one request after another until they are stopped; answers every outcome. */
export function load(port: number, clients: number, path: string) {
  const outcomes: Outcome[] = [];
  let stopped = false;
  const waiting = new Set<() => void>();
  const client = async (): Promise<void> => {
    while (!stopped) {
      outcomes.push(await ask({ port, host: "127.0.0.1" }, path));
      for (const look of waiting) look();
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  return {
    /** Waits until `count` more requests have ended. */
    more: (count: number): Promise<void> =>
      new Promise((resolve) => {
        const until = outcomes.length + count;
        const look = (): void => {
          if (outcomes.length < until) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      }),
    async stop(): Promise<readonly Outcome[]> {
      stopped = true;
      await all;
      return outcomes;
    },
  };
}

export const countBy = <T>(values: readonly T[]): Map<T, number> =>
  values.reduce(
    (counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1),
    new Map<T, number>(),
  );
