/** What the control server and the signals can do with the supervisor. */
import { renderMetrics } from "../control/metrics.js";
import type { ControlTarget, ReloadResult, Status } from "../control/protocol.js";
import { SuperviseError } from "../errors.js";
import type { Logger, LogSink } from "../log/logger.js";
import type { BudgetVerdict } from "../postgres/budget.js";
import { createFigureReader } from "./figures.js";
import type { Scaler } from "./scaler.js";
import type { Asked } from "./signals.js";
import { outlineOf, readinessOf, statusOf, type StatusInput } from "./status.js";
import { rememberWaits } from "./wait-history.js";
import type { Known } from "./known.js";
import type { Upkeep } from "./upkeep.js";
import type { Supervisor } from "./supervisor.js";

export function createTarget(
  supervisor: Supervisor,
  known: Known,
  upkeep: Pick<Upkeep, "allow">,
  log: Logger,
): ControlTarget {
  const figures = createFigureReader();
  const { loop } = supervisor;
  const waits = rememberWaits(() => supervisor.pools.aggregate.latestWaits().p99);
  const input: StatusInput = {
    supervisor,
    figures,
    startedAt: known.startedAt,
    warnings: known.warnings,
    budget: () => budgetStatus(known.budget, supervisor.pools.aggregate.open()),
    migrations: () => known.migrations,
  };
  const status = (): Status => ({ waits: waits(), ...statusOf(input) });
  const readiness = () => readinessOf(loop.state(), supervisor.pools.aggregate.database().state);
  return {
    status,
    readiness,
    metrics: () =>
      renderMetrics({
        status: outlineOf(input),
        pools: supervisor.pools.aggregate.series(),
        now: performance.now(),
        ready: readiness().ready,
        restarts: supervisor.counts.restarts,
        reloads: supervisor.counts.reloads,
        runtimes: supervisor.pools.runtimes(),
      }),
    reload: async ({ parallel }): Promise<ReloadResult> => {
      const began = performance.now();
      const reason = await supervisor.ask("reload", parallel ?? 1);
      return {
        outcome: reason === null ? "done" : "abandoned",
        reason,
        generation: loop.state().generation,
        duration_ms: Math.round(performance.now() - began),
      };
    },
    scale: async (workers) => {
      const from = loop.state().slots.length;
      if (workers > from) await upkeep.allow(workers);
      const reason = await supervisor.ask("scale", workers);
      if (reason === null) return { from, to: workers };
      log.warn(`not scaled to ${workers}: ${reason}`);
      throw new SuperviseError("BOOT_FAILED", {
        what: `not scaled to ${workers}: ${reason}`,
        remedy: "see the supervisor's log",
      });
    },
    stop: () => loop.dispatch({ type: "stop", reason: "command" }),
  };
}

/** The server is asked once a minute; how many the pools have open is known each second. */
const budgetStatus = (verdict: BudgetVerdict | null, pooled: number): Status["budget"] =>
  verdict === null
    ? null
    : {
        max_connections: verdict.maxConnections,
        reserved: verdict.reserved,
        ours: Math.max(verdict.ours, pooled + 1),
        others: verdict.others,
        available: verdict.available,
      };

/** A signal's meaning carried out. */
export function obey(
  asked: Asked,
  supervisor: Supervisor,
  target: ControlTarget,
  scaler: Scaler,
  log: LogSink,
): void {
  switch (asked.type) {
    case "stop":
    case "stop-now":
      supervisor.loop.dispatch(asked);
      return;
    case "reload":
      // Its outcome is in the log.
      void target.reload({});
      return;
    case "more":
      scaler.more();
      return;
    case "fewer":
      scaler.fewer();
      return;
    case "reopen":
      log.reopen();
      return;
    case "report":
      log.info("status", { status: target.status() });
      return;
  }
}
