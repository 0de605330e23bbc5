/**
 * A channel that ends while a descriptor sent on it has not been acknowledged is closed by Node
 * without the `disconnect` by which a process learns of it. So whoever sends one looks.
 */
const LOOK_MS = 50;

/** Looks until it is told to stop. Emits the process's `disconnect` when Node has left it out. */
export function watchForLostPrimary(): { stop(): void } {
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    // Otherwise Node emits it when the acknowledgement is there.
    const isClosed = !process.channel;
    if (isClosed && Reflect.get(process, "_handleQueue")) process.emit("disconnect");
  }, LOOK_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
