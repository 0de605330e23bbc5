/** Runs when a restore was killed: settles its uploads. Started by guardian.ts, prints nothing. */
import { commitOutcome } from "./outcome.js";
import { settleStaging } from "./uploads/recover.js";

/** A server that went down with the restore has this long to come back; then it is the next command's. */
const PATIENCE_MS = 60_000;

const care: unknown = JSON.parse(process.env["SUPERVISE_STAGING"] ?? "null");

if (
  typeof care === "object" &&
  care !== null &&
  "uploads" in care &&
  "staging" in care &&
  "url" in care
) {
  const { uploads, staging, url } = care;
  await settleStaging(String(uploads), String(staging), (transaction) =>
    commitOutcome(String(url), transaction, PATIENCE_MS),
  );
}
