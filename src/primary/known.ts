import type { Status, Warning } from "../control/protocol.js";
import type { BudgetVerdict } from "../postgres/budget.js";

/** What is known besides the state of the workers; it changes as time goes by. */
export interface Known {
  /** The supervisor's name in the fleet, a UUID. */
  readonly instance: string;
  readonly startedAt: Date;
  readonly warnings: () => readonly Warning[];
  budget: BudgetVerdict | null;
  migrations: Status["migrations"];
}
