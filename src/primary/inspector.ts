/**
 * Asks a stuck Node process for its JavaScript stack: SIGUSR1 makes its inspector listen on a free port of
 * loopback (a thread of its own answers, so it works inside an endless loop), and the debugger's
 * `pause` interrupts the script. Nothing of this costs anything until it is needed. The WebSocket is
 * spoken by hand (websocket.ts) because Node 20 has no client.
 *
 * Between two promises it may be Node that is interrupted, not the application: then it is led on, step
 * by step, until it is in a file. At the end the worker reports once more (ipc/stuck.ts).
 */
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { REPORT } from "../ipc/stuck.js";
import { onMessages, textFrame } from "./websocket.js";

export const NO_STACK =
  "the script could not be interrupted: it is inside a native call, or its process is stopped";

/** A step takes a millisecond or less; from a microtask to its function it is at most some twenty. */
const MOST_STEPS = 100;
/** Where this package's own modules are, which are no places to be stuck in. */
const OWN = new URL("../", import.meta.url).href;

interface CallFrame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
}

/** Resolves to the stack as text. Rejects when the process does not answer within `limitMs`. */
export function readStack(url: string, limitMs: number): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const key = randomBytes(16).toString("base64");
  return new Promise((resolve, reject) => {
    const asking = request({
      hostname,
      port,
      path: pathname,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-key": key,
        "sec-websocket-version": "13",
      },
      signal: AbortSignal.timeout(limitMs),
    });
    asking.once("error", reject);
    asking.once("response", () => reject(new Error("the inspector refused the connection")));
    asking.once("upgrade", (_answer, socket) => {
      interrogate(socket, limitMs).then(resolve, reject);
    });
    asking.end();
  });
}

/** Resolves to what is known when the time is up, if anything is. */
function interrogate(socket: Duplex, limitMs: number): Promise<string> {
  if (socket instanceof Socket) socket.setNoDelay();
  const scripts = new Map<string, string>();
  let stack: string | null = null;
  let steps = 0;
  let commands = 0;
  let reporting = 0;
  const command = (method: string, params: object = {}): number => {
    commands += 1;
    socket.write(textFrame(JSON.stringify({ id: commands, method, params })));
    return commands;
  };
  const paused = (frames: readonly CallFrame[]): void => {
    stack = frames.map((frame) => describe(frame, scripts)).join("\n");
    steps += 1;
    const urls = frames.map(({ location }) => scripts.get(location.scriptId) ?? "");
    if (steps < MOST_STEPS && !urls.some(isApplication)) command("Debugger.stepInto");
    else reporting = command("Runtime.evaluate", { expression: REPORT, silent: true });
  };
  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      clearTimeout(stop);
      socket.destroy();
      if (stack === null) reject(error);
      else resolve(stack);
    };
    const stop = setTimeout(() => end(new Error(NO_STACK)), limitMs);
    onMessages(socket, (text) => {
      const message: unknown = JSON.parse(text);
      if (isScript(message)) scripts.set(message.params.scriptId, message.params.url);
      else if (isPaused(message) && reporting === 0) paused(message.params.callFrames);
      else if (isAnswer(message, reporting)) end(new Error(NO_STACK));
    });
    socket.once("error", end);
    command("Debugger.enable");
    command("Debugger.pause");
  });
}

const isApplication = (url: string): boolean =>
  url !== "" && !url.startsWith("node:") && !url.startsWith(OWN);

function describe({ functionName, location }: CallFrame, scripts: ReadonlyMap<string, string>) {
  const { scriptId, lineNumber, columnNumber } = location;
  const place = `${scripts.get(scriptId) ?? ""}:${lineNumber + 1}:${columnNumber + 1}`;
  return `    at ${functionName === "" ? "(anonymous)" : functionName} (${place})`;
}

const isMethod = (message: unknown, method: string): boolean =>
  typeof message === "object" &&
  message !== null &&
  "method" in message &&
  message.method === method;

const isAnswer = (message: unknown, id: number): boolean =>
  typeof message === "object" && message !== null && "id" in message && message.id === id;

const isScript = (message: unknown): message is { params: { scriptId: string; url: string } } =>
  isMethod(message, "Debugger.scriptParsed");

const isPaused = (message: unknown): message is { params: { callFrames: CallFrame[] } } =>
  isMethod(message, "Debugger.paused");
