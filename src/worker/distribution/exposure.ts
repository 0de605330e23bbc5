/**
 * A silent connection that nobody else holds yet is lost with this worker. So the next one is accepted
 * only when the last one has spoken, has ended or is held: meanwhile it waits in the kernel's queue, where
 * every other worker can take it, and by the time it is accepted it has mostly spoken.
 */
export interface Exposure {
  /** Whether there is a connection that the primary may not have. */
  set(exposed: boolean): void;
  /** The primary answers. */
  answered(): void;
}

/** So that a primary that is stuck or stopped holds up nothing: accepting goes on without it. */
const LONGEST_MS = 100;

export function watchExposure(tell: (exposed: boolean) => void): Exposure {
  let timer: NodeJS.Timeout | null = null;
  let waitedInVain = false;

  return {
    set(exposed) {
      if (exposed === (timer !== null) || (exposed && waitedInVain)) return;
      if (timer !== null) {
        clearTimeout(timer);
        timer = null;
        tell(false);
        return;
      }
      timer = setTimeout(() => {
        timer = null;
        waitedInVain = true;
        tell(false);
      }, LONGEST_MS);
      timer.unref();
      tell(true);
    },
    answered() {
      waitedInVain = false;
    },
  };
}
