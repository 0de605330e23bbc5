/** As much of the WebSocket protocol as a client of Node's inspector needs: text, in both directions. */
import type { Duplex } from "node:stream";

/** A client's frame: masked, as the protocol demands; the mask itself may be zero. */
export function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const length =
    body.length < 126 ? [0x80 | body.length] : [0xfe, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), body]);
}

/** Whole text messages from a server's unmasked frames. */
export function onMessages(socket: Duplex, listener: (message: string) => void): void {
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
