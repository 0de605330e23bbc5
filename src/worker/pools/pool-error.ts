/** Errors that a pool's callers get from this program. `code` is stable. */

export type PoolErrorCode = "POOL_TIMEOUT" | "POOL_ENDED" | "DATABASE_LOST";

export class PoolError extends Error {
  readonly code: PoolErrorCode;

  constructor(code: PoolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PoolError";
    this.code = code;
  }
}
