import type { Stream } from "../log/destination.js";

/**
 * A worker's output goes through pipes to the primary. Writes to them block when the primary does not
 * keep up: that is the back-pressure that bounds memory on both sides, and why a worker's last lines
 * before a crash are not lost in a buffer.
 */
function setBlocking(stream: NodeJS.WriteStream): void {
  const handle: unknown = "_handle" in stream ? stream._handle : null;
  if (typeof handle !== "object" || handle === null || !("setBlocking" in handle)) return;
  if (typeof handle.setBlocking === "function") Reflect.apply(handle.setBlocking, handle, [true]);
}

const NAMES = ["stdout", "stderr"] as const;

/** As each of them is first used: opening both would be 2 ms of the boot of those who write nothing. */
export function prepareOutput(): void {
  for (const name of NAMES) {
    const node = Object.getOwnPropertyDescriptor(process, name);
    if (node?.get === undefined) continue;
    Object.defineProperty(process, name, {
      ...node,
      get: () => {
        Object.defineProperty(process, name, node);
        const stream = process[name];
        setBlocking(stream);
        // The reader is gone with the primary: what is still written has nowhere to go.
        stream.on("error", () => undefined);
        return stream;
      },
    });
  }
}

/** Where a logger writes that may never have anything to say. */
export const stdoutLater: Stream = {
  fd: 1,
  write: (text) => process.stdout.write(text),
  on: (event, listener) => process.stdout.on(event, listener),
  once: (event, listener) => process.stdout.once(event, listener),
  removeListener: (event, listener) => process.stdout.removeListener(event, listener),
};
