/** The parts of Node's listening handles that are used here, and the one trick played on them. */

export interface ListenHandle {
  onconnection: ((status: number, client: unknown) => void) | null;
  listen(backlog: number): number;
  close(done?: () => void): void;
  ref(): void;
  unref(): void;
  readStart(): number;
  readStop(): number;
  /** TCP only. */
  getsockname?(out: object): number;
  /** Unix sockets only. */
  fchmod?(mode: number): number;
}

const METHODS = ["listen", "close", "ref", "unref", "readStart", "readStop"] as const;

export function isListenHandle(value: unknown): value is ListenHandle {
  if (typeof value !== "object" || value === null) return false;
  return METHODS.every((name) => typeof Reflect.get(value, name) === "function");
}

/**
 * Stops a listening handle from accepting, without closing it. In libuv a listening stream is
 * watched for the same event as one that is read, and stopping to read ends that watch; but only a
 * stream that was started is stopped, so it is started first. Both leave the accepting callback as
 * it is. Works for handles that came from another process, which are marked readable, in libuv 1.46
 * to 1.52 (Node 20 to 26); test/process/distribution.test.ts proves it on the Node that runs it.
 */
export function pauseAccepting(handle: ListenHandle): void {
  handle.readStart();
  handle.readStop();
}

export function resumeAccepting(handle: ListenHandle): void {
  handle.readStart();
}

/** The descriptor under a connection's handle; -1 where there is none. */
export function descriptorOf(handle: unknown): number {
  const descriptor: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : -1;
  return typeof descriptor === "number" ? descriptor : -1;
}
