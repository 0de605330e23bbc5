import type { Logger } from "../log/logger.js";

export interface ExecuteOptions {
  readonly namespace: string;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to go on trying one step whose lock others hold. */
  readonly retryMs: number;
  /** The row of dazzle.applied that keeps unfinished work. */
  readonly recordId: string;
}
