/** `supervise fleet` for people: a line a supervisor, the sum at the end. */
import type { FleetReport } from "../../fleet/report.js";
import { formatDuration } from "../../util/units.js";
import { renderTable, type Column } from "./table.js";

const COLUMNS: readonly Column[] = [
  { title: "project" },
  { title: "host" },
  { title: "pid", align: "right" },
  { title: "version" },
  { title: "state" },
  { title: "workers", align: "right" },
  { title: "pool", align: "right" },
  { title: "up", align: "right" },
  { title: "last sign", align: "right" },
];

const seconds = (since: number): string => formatDuration(Math.floor(since) * 1_000);

export function renderFleet({ database, instances, totals }: FleetReport): string {
  const where = `database ${database.name} on ${database.host}`;
  if (instances.length === 0) return `no supervisor shares ${where}\n`;
  const rows = instances.map((one) => [
    one.project,
    one.host,
    one.pid.toString(),
    one.version,
    one.alive ? one.state : "silent",
    one.workers.toString(),
    one.pool_max.toString(),
    seconds(one.uptime_s),
    `${seconds(one.heartbeat_age_s)} ago`,
  ]);
  const { supervisors, workers, connections } = totals;
  const many = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return [
    where,
    "",
    renderTable(COLUMNS, rows),
    "",
    `${many(supervisors, "supervisor")} alive, ${many(workers, "worker")}, at most ${many(connections, "connection")}`,
    "",
  ].join("\n");
}
