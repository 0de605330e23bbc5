/** How commands find and talk to a running supervisor of a project. */
import { request } from "node:http";
import { isErrorCode, SuperviseError } from "../errors.js";
import type { ReloadResult, ScaleResult, Status } from "./protocol.js";
import { listSockets } from "./run-folder.js";
import { isLive } from "./server.js";

export interface RunningSupervisor {
  readonly pid: number;
  readonly path: string;
}

/** The live supervisors of the project at `root`, on this machine. */
export async function findSupervisors(root: string): Promise<RunningSupervisor[]> {
  const sockets = listSockets(root);
  const live = await Promise.all(sockets.map(({ path }) => isLive(path)));
  return sockets.filter((_, at) => live[at] === true);
}

/**
 * The one supervisor that a command means. Errors: NOT_RUNNING when none, or none with that pid;
 * USAGE when several run and `pid` does not say which.
 */
export async function theSupervisor(root: string, pid?: number): Promise<RunningSupervisor> {
  const all = await findSupervisors(root);
  const meant = pid === undefined ? all : all.filter((one) => one.pid === pid);
  const [first, second] = meant;
  if (first === undefined) {
    throw new SuperviseError("NOT_RUNNING", {
      what: `no supervisor${pid === undefined ? "" : ` with pid ${pid}`} of this project is running`,
      where: root,
      remedy: "start one with `supervise`, or name the project with --config",
    });
  }
  if (second !== undefined) {
    throw new SuperviseError("USAGE", {
      what: `${all.length} supervisors of this project are running`,
      where: root,
      remedy: `say which with --pid: ${all.map((one) => one.pid).join(", ")}`,
    });
  }
  return first;
}

interface Reply {
  status: number;
  body: string;
}

function call(
  supervisor: RunningSupervisor,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: supervisor.path,
        method,
        path,
        headers: { "content-type": "application/json" },
      },
      (response) => {
        let text = "";
        const end = () => resolve({ status: response.statusCode ?? 0, body: text });
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.once("end", end);
        // The end of the supervisor cuts the answer to `stop`; what came before it counts.
        response.once("error", end);
      },
    );
    outgoing.once("error", (error) => {
      reject(
        new SuperviseError("NOT_RUNNING", {
          what: `supervisor ${supervisor.pid} ended while it was asked`,
          where: path,
          remedy: "look at its log for the reason",
          cause: error,
        }),
      );
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

type Fields = Readonly<Record<string, unknown>>;
type Check<T> = (document: Fields) => document is Fields & T;

const isStatus: Check<Status> = (document): document is Fields & Status =>
  typeof document["pid"] === "number" &&
  typeof document["state"] === "string" &&
  Array.isArray(document["workers"]) &&
  typeof document["pool"] === "object";
const isReload: Check<ReloadResult> = (document): document is Fields & ReloadResult =>
  document["outcome"] === "done" || document["outcome"] === "abandoned";
const isScale: Check<ScaleResult> = (document): document is Fields & ScaleResult =>
  typeof document["from"] === "number" && typeof document["to"] === "number";

function parse(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** The supervisor's own failure, as if it had been thrown here. */
function failureIn(value: unknown): SuperviseError | null {
  if (typeof value !== "object" || value === null) return null;
  const { code, what, where, remedy }: Fields = { ...value };
  if (!isErrorCode(code) || typeof what !== "string" || typeof remedy !== "string") return null;
  return new SuperviseError(code, {
    what,
    remedy,
    ...(typeof where === "string" ? { where } : {}),
  });
}

async function ask<T>(
  supervisor: RunningSupervisor,
  [method, path]: readonly ["GET" | "POST", string],
  check: Check<T>,
  body?: object,
): Promise<T> {
  const reply = await call(supervisor, method, path, body);
  const document = parse(reply.body);
  if (reply.status < 300 && check(document)) return document;
  const failure = failureIn(document["failure"]);
  if (failure !== null) throw failure;
  const said = document["error"];
  throw new SuperviseError("UNEXPECTED", {
    what: typeof said === "string" ? said : `supervisor ${supervisor.pid} gave an unknown answer`,
    where: `${path}, status ${reply.status}`,
    remedy: "look at its log; after an upgrade, restart it so that both are one version",
  });
}

export const fetchStatus = (supervisor: RunningSupervisor): Promise<Status> =>
  ask(supervisor, ["GET", "/status"], isStatus);

export const requestReload = (
  supervisor: RunningSupervisor,
  options: { parallel?: number },
): Promise<ReloadResult> => ask(supervisor, ["POST", "/reload"], isReload, options);

export const requestScale = (
  supervisor: RunningSupervisor,
  workers: number,
): Promise<ScaleResult> => ask(supervisor, ["POST", "/scale"], isScale, { workers });

/** Settles when the supervisor has ended. */
export async function requestStop(supervisor: RunningSupervisor): Promise<void> {
  await call(supervisor, "POST", "/stop");
}
