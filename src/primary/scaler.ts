/** One worker more or fewer, as signals ask for it. */
import type { Logger } from "../log/logger.js";

export interface Scaler {
  more(): void;
  /** The last one stays. */
  fewer(): void;
}

export interface ScalerInput {
  /** How many workers there are to be now. */
  readonly count: () => number;
  /** Rejects when so many workers do not fit. */
  readonly allow: (workers: number) => Promise<void>;
  /** Counts from the moment of the call; settles when it has come about, or with why it has not. */
  readonly scale: (workers: number) => Promise<string | null>;
  readonly log: Pick<Logger, "warn">;
}

/**
 * Takes wishes one after the other, so that three in a row are three workers, however long the budget
 * takes to answer for the first; but none waits until the workers of another are there, or gone. A
 * signal has nobody to answer to: the log tells what came of it.
 */
export function createScaler({ count, allow, scale, log }: ScalerInput): Scaler {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (wish: () => Promise<void>): void => {
    turn = turn.then(wish).catch((error: unknown) => {
      log.warn(error instanceof Error ? error.message : String(error));
    });
  };
  const ask = (workers: number): void => {
    void scale(workers).then((reason) => {
      if (reason !== null) log.warn(`not scaled to ${workers}: ${reason}`);
    });
  };
  return {
    more: () =>
      inTurn(async () => {
        await allow(count() + 1);
        ask(count() + 1);
      }),
    fewer: () =>
      inTurn(() => {
        if (count() > 1) ask(count() - 1);
        else log.warn("one worker is left: send TERM to stop it too");
        return Promise.resolve();
      }),
  };
}
