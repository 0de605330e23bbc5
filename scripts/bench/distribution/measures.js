// The measures of one server, in its own time: each returns plain figures.
import { readFileSync } from "node:fs";
import { closedLoop, keptConnections, request } from "./load.js";

/** @typedef {{ port: number, primary: number, pids: number[], begun: string }} Running */

/** CPU seconds of the server's processes. @param {number[]} pids */
function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

const count = (/** @type {readonly unknown[]} */ values, /** @type {unknown} */ wanted) =>
  values.filter((value) => value === wanted).length;

/** The largest share divided by the smallest. @param {number[]} pids @param {readonly unknown[]} reached */
export function evenness(pids, reached) {
  const shares = pids.map((pid) => count(reached.map(Number), pid));
  return Math.max(...shares) / Math.max(Math.min(...shares), 0.5);
}

/** @param {Running} server @param {number} ms */
export async function throughput({ port, primary, pids }, ms) {
  await closedLoop({ port, path: "/", clients: 64, ms: 300 });
  const before = cpuSeconds([primary, ...pids]);
  const outcomes = await closedLoop({ port, path: "/", clients: 64, ms });
  const cpu = cpuSeconds([primary, ...pids]) - before;
  const answered = outcomes.filter(({ outcome }) => outcome === "answered");
  return {
    perSecond: (answered.length * 1_000) / ms,
    perCpuSecond: answered.length / cpu,
    failed: outcomes.length - answered.length,
  };
}

/** @param {Running} server */
export async function even({ port, pids }) {
  const burst = evenness(pids, await keptConnections(port, 200, 0));
  const single = evenness(pids, await keptConnections(port, 200, 2));
  const requests = await closedLoop({ port, path: "/work", clients: 200, ms: 800 });
  const served = requests.map(({ pid }) => pid);
  return { burst, single, requests: evenness(pids, served) };
}

/** Kills one worker in the middle of connection-per-request load. @param {Running} server */
export async function kill({ port, pids, begun }) {
  const load = closedLoop({ port, path: "/work", clients: 48, ms: 700, mark: true });
  await new Promise((resolve) => setTimeout(resolve, 350 + Math.random() * 20));
  process.kill(pids[0] ?? 0, "SIGKILL");
  const outcomes = await load;
  const started = new Set(readFileSync(begun, "utf8").split("\n").map(Number));
  const reset = outcomes.filter(({ outcome }) => outcome === "reset");
  return {
    total: outcomes.length,
    stranded: outcomes.filter(({ outcome }) => outcome === "stranded").length,
    refused: outcomes.filter(({ outcome }) => outcome === "refused").length,
    reset: reset.length,
    resetUnbegun: reset.filter(({ id }) => !started.has(id)).length,
  };
}

/** One worker is stuck for 1.5 s while eight clients go on; a request over 500 ms has stalled. @param {Running} server */
export async function hang({ port }) {
  const load = closedLoop({ port, path: "/", clients: 8, ms: 1_500 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const stuck = request(port, "/block?ms=1500", 0);
  const outcomes = await load;
  await stuck;
  const times = outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    total: outcomes.length,
    stalled: outcomes.filter(({ outcome, ms }) => outcome !== "answered" || ms > 500).length,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}
