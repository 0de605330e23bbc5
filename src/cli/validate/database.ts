/** Checks against the database what a start would: reads, changes nothing. */
import type { Config } from "../../config/config.js";
import { SuperviseError } from "../../errors.js";
import type { Logger } from "../../log/logger.js";
import type { Plan } from "../../migration/migrate.js";
import { asWarning, failed, passed, type Finding } from "./finding.js";

export async function checkDatabase(
  config: Config,
  log: Logger,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { planMigration } = await import("../../migration/migrate.js");
  const { withSession } = await import("../../migration/open.js");
  try {
    const plan = await withSession(config, log, signal, (session) =>
      planMigration(session, config),
    );
    const { host, name, server_version: version } = plan.database;
    return [
      passed("database", `${name} on ${host}, PostgreSQL ${version}`),
      ...describePlan(plan, config),
    ];
  } catch (error) {
    return [failed("database", error)];
  }
}

function describePlan(plan: Plan, config: Config): Finding[] {
  const { safe, unsafe, revisions } = plan;
  const refusesUnsafe = config.migrate.onUnsafe === "refuse";
  const refusesPending = config.features.pendingRevisions === "refuse";
  const findings = unsafe.map(({ operation, table, object, reason }) => {
    const subject = table === null || table === object ? object : `${table}.${object}`;
    const finding = failed(
      "database",
      new SuperviseError("UNSAFE_REFUSED", {
        what: `${operation} ${subject} is not applied automatically, ${reason}`,
        remedy: "write a revision: supervise db revision --autogenerate -m TEXT",
      }),
    );
    return refusesUnsafe ? finding : asWarning(finding);
  });
  if (revisions.pending.length > 0) {
    const pending = failed(
      "database",
      new SuperviseError("REVISIONS_PENDING", {
        what: `revisions have not been run: ${revisions.pending.join(", ")}`,
        remedy: refusesPending ? "run them: supervise db upgrade" : "a start runs them",
      }),
    );
    findings.push(refusesPending ? pending : asWarning(pending));
  }
  const waiting = safe.length === 0 ? "nothing to apply" : `a start applies ${safe.length}`;
  return [passed("database", `schema: ${waiting}`), ...findings];
}
