/**
 * Asks a stuck Node process for its JavaScript stack: SIGUSR1 makes its inspector listen on a free port of
 * loopback (a thread of its own answers, so it works inside an endless loop), and the debugger's
 * `pause` interrupts the script. Nothing of this costs anything until it is needed. The WebSocket is
 * spoken by hand because Node 20 has no client.
 */
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";

export const NO_STACK =
  "the script could not be interrupted: it is inside a native call, or its process is stopped";

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
      const stop = setTimeout(() => {
        socket.destroy();
        reject(new Error(NO_STACK));
      }, limitMs);
      const scripts = new Map<string, string>();
      onMessages(socket, (text) => {
        const message: unknown = JSON.parse(text);
        if (isScript(message)) scripts.set(message.params.scriptId, message.params.url);
        if (!isPaused(message)) return;
        clearTimeout(stop);
        socket.destroy();
        resolve(message.params.callFrames.map((frame) => describe(frame, scripts)).join("\n"));
      });
      socket.once("error", reject);
      socket.write(textFrame('{"id":1,"method":"Debugger.enable"}'));
      socket.write(textFrame('{"id":2,"method":"Debugger.pause"}'));
    });
    asking.end();
  });
}

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

const isScript = (message: unknown): message is { params: { scriptId: string; url: string } } =>
  isMethod(message, "Debugger.scriptParsed");

const isPaused = (message: unknown): message is { params: { callFrames: CallFrame[] } } =>
  isMethod(message, "Debugger.paused");

/** A client's frame: masked, as the protocol demands; the mask itself may be zero. */
function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  // Only commands shorter than 126 bytes are sent, whose length is one byte.
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

/** Whole text messages from a server's unmasked frames. */
function onMessages(socket: Duplex, listener: (message: string) => void): void {
  let pending = Buffer.alloc(0);
  let message = "";
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const frame = firstFrame(pending);
      if (frame === null) return;
      pending = pending.subarray(frame.end);
      message += frame.body.toString("utf8");
      if (!frame.last) continue;
      listener(message);
      message = "";
    }
  });
}

interface Frame {
  readonly body: Buffer;
  readonly last: boolean;
  readonly end: number;
}

function firstFrame(data: Buffer): Frame | null {
  const short = (data[1] ?? 0) & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (data.length < start) return null;
  const length =
    short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
  const end = start + length;
  if (data.length < end) return null;
  return { body: data.subarray(start, end), last: ((data[0] ?? 0) & 0x80) !== 0, end };
}
