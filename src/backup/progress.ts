/** How far a long job is; shown by the command line, ignored elsewhere. */

export interface Progress {
  /** What is being done, for example `database`; `total` bytes of work, null when unknown. */
  phase(name: string, total: number | null): void;
  /** Bytes of the phase done since the last call. */
  add(bytes: number): void;
  /** Something else is about to be printed. */
  pause(): void;
}

export const noProgress: Progress = {
  phase: () => undefined,
  add: () => undefined,
  pause: () => undefined,
};
