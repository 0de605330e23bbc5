/** One worker more or fewer, as signals ask for it. */
import type { ControlTarget } from "../control/protocol.js";
import type { Logger } from "../log/logger.js";

export interface Scaler {
  more(): void;
  /** The last one stays. */
  fewer(): void;
}

/**
 * Takes wishes one after the other, so that three in a row are three workers, however long the budget
 * takes to answer for the first. A signal has nobody to answer to: the log tells what came of it.
 *
 * @param count how many workers there are to be now
 */
export function createScaler(
  count: () => number,
  scale: ControlTarget["scale"],
  log: Pick<Logger, "warn">,
): Scaler {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (wish: () => Promise<unknown>): void => {
    turn = turn.then(wish).catch((error: unknown) => {
      log.warn(error instanceof Error ? error.message : String(error));
    });
  };
  return {
    more: () => inTurn(() => scale(count() + 1)),
    fewer: () =>
      inTurn(async () => {
        if (count() > 1) await scale(count() - 1);
        else log.warn("one worker is left: send TERM to stop it too");
      }),
  };
}
