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

export function prepareOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    setBlocking(stream);
    // The reader is gone with the primary: what is still written has nowhere to go.
    stream.on("error", () => undefined);
  }
}
