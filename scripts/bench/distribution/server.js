// One server of the comparison: a node:cluster primary and its workers, which get their connections
// in the way named by KIND. Prints `ready PORT PID...` once every worker listens; ends on SIGTERM.
import cluster from "node:cluster";
import { openSync, writeSync } from "node:fs";
import http from "node:http";
import { availableParallelism } from "node:os";
import { createDistribution } from "../../../dist/primary/distribution/index.js";
import { installDistribution } from "../../../dist/worker/distribution/index.js";
import { dispatchTo, takeDispatched } from "./own-dispatch.js";

const kind = process.env["KIND"] ?? "balanced";
const workers = Number(process.env["WORKERS"] ?? availableParallelism());
const ours = kind === "balanced" || kind === "shared";

if (cluster.isPrimary) primary();
else worker();

function primary() {
  const distribution = ours
    ? createDistribution(kind === "shared" ? "shared" : "auto", console)
    : null;
  if (!distribution) {
    cluster.schedulingPolicy = kind === "cluster none" ? cluster.SCHED_NONE : cluster.SCHED_RR;
  }
  const dispatcher = kind === "own dispatch" ? dispatchTo() : null;
  /** @type {number[]} */
  const pids = [];
  const isReady = (/** @type {number} */ port, /** @type {number} */ pid) => {
    pids.push(pid);
    if (pids.length === workers) console.log(["ready", port, ...pids].join(" "));
  };
  const fork = (/** @type {number} */ port) => {
    const child = cluster.fork({ ...distribution?.env, PORT: String(port) });
    distribution?.attach(child);
    child.on("message", (message) => {
      if (message.listening) isReady(message.listening, child.process.pid ?? 0);
      if (message.listening) dispatcher?.add(child);
      else dispatcher?.heard(child, message);
    });
    child.on("exit", () => {
      distribution?.release(child.id);
      dispatcher?.remove(child);
    });
    return child;
  };
  if (dispatcher) {
    void dispatcher.listening.then((port) => {
      for (let count = 0; count < workers; count += 1) fork(port);
    });
  } else if (kind === "reusePort") {
    // Port 0 would be another one in each worker: the first one's is everybody's.
    fork(0).on("message", (message) => {
      for (let count = 1; count < workers && message.listening; count += 1) fork(message.listening);
    });
  } else for (let count = 0; count < workers; count += 1) fork(0);
  process.once("SIGTERM", () => process.exit());
}

function worker() {
  if (ours) installDistribution();
  const begun = openSync(process.env["BEGUN"] ?? "/dev/null", "a");
  const server = http.createServer((request, response) => {
    const url = request.url ?? "/";
    const id = /id=(\d+)/.exec(url)?.[1];
    if (id !== undefined) writeSync(begun, `${id}\n`);
    const answer = () => response.end(String(process.pid));
    if (url.startsWith("/work")) setTimeout(answer, 5);
    else if (url.startsWith("/block")) {
      const until = Date.now() + Number(/ms=(\d+)/.exec(url)?.[1] ?? 0);
      while (Date.now() < until);
      answer();
    } else answer();
  });
  server.keepAliveTimeout = 60_000;
  const port = Number(process.env["PORT"]);
  if (kind === "own dispatch") {
    takeDispatched(server);
    process.send?.({ listening: port });
    return;
  }
  const options = { port, host: "127.0.0.1", reusePort: kind === "reusePort" };
  server.listen(options, () => {
    const address = server.address();
    if (typeof address === "object") process.send?.({ listening: address?.port });
  });
}
