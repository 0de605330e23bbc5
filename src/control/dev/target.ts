/** What the development page can see and do beyond what every control server can. */
import type { Setting } from "../../config/load.js";
import type { WaitMilliseconds } from "../protocol.js";
import type { LogFeed } from "./log-feed.js";
import type { PlanView, RevisionView } from "./wire.js";

export interface DevTarget {
  readonly project: string;
  readonly feed: LogFeed;
  settings(): readonly Setting[];
  /** Of the checkouts of all pools in the last 10 s. */
  waits(): WaitMilliseconds;
  /** Rejects when the database can't be reached or the schema files are wrong. */
  plan(): Promise<PlanView>;
  /** Oldest first. Rejects when the database can't be reached or a file can't be read as a revision. */
  revisions(): Promise<readonly RevisionView[]>;
  /** Applies the safe part; resolves to how many statements ran. */
  migrate(): Promise<{ readonly applied: number }>;
  /** Replaces one worker; false when there is none in that slot. */
  restart(slot: number): boolean;
}
