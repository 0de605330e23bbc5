/** Runs when a restore was killed: settles its uploads. Started by guardian.ts, prints nothing. */
import { commitOutcome } from "./outcome.js";
import { settleStaging } from "./uploads/recover.js";

const care: unknown = JSON.parse(process.env["SUPERVISE_STAGING"] ?? "null");

if (typeof care === "object" && care !== null && "staging" in care && "url" in care) {
  const { staging, url } = care;
  await settleStaging(String(staging), (xid) => commitOutcome(String(url), xid));
}
