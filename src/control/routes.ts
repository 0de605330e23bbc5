/**
 * The control server's answers, the same over the unix socket and TCP. Deliberately without any
 * knowledge of where a request came from: guard.ts decides who may send commands.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { toSuperviseError } from "../errors.js";
import { commandGuard, type Guard } from "./guard.js";
import type { ControlTarget } from "./protocol.js";

/** Bodies of commands are a few bytes; more is a mistake or an attack. */
const LARGEST_BODY = 64 * 1024;
const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Answer = { status: number; body: string; type?: string };
type Input = Readonly<Record<string, unknown>>;

const json = (status: number, value: unknown): Answer => ({
  status,
  body: `${JSON.stringify(value)}\n`,
  type: "application/json; charset=utf-8",
});

function read(target: ControlTarget, path: string): Answer | null {
  switch (path) {
    case "/livez":
      return { status: 200, body: "ok\n" };
    case "/readyz": {
      const { ready, reason } = target.readiness();
      return { status: ready ? 200 : 503, body: `${reason}\n` };
    }
    case "/metrics":
      return { status: 200, body: target.metrics(), type: OPENMETRICS };
    case "/status":
      return json(200, target.status());
    default:
      return null;
  }
}

const positive = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;

async function command(target: ControlTarget, path: string, input: Input): Promise<Answer | null> {
  switch (path) {
    case "/reload": {
      const parallel = positive(input["parallel"]);
      return json(200, await target.reload(parallel === null ? {} : { parallel }));
    }
    case "/scale": {
      const workers = positive(input["workers"]);
      return workers === null
        ? json(400, { error: "workers must be a whole number of at least 1" })
        : json(200, await target.scale(workers));
    }
    default:
      return null;
  }
}

async function readInput(request: IncomingMessage): Promise<Input | null> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LARGEST_BODY) return null;
  }
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    "content-type": answer.type ?? "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(answer.body);
}

/**
 * `POST /stop` is answered at once, but its response ends only with this process: whoever waits
 * for the end of the response waits for the end of the supervisor, without polling for a pid.
 */
function beginStop(target: ControlTarget, response: ServerResponse): void {
  response.writeHead(202, { "content-type": "text/plain; charset=utf-8" });
  response.write("stopping\n");
  target.stop();
}

async function answer(
  target: ControlTarget,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://supervisor").pathname;
  if (request.method === "GET" || request.method === "HEAD") {
    send(response, read(target, path) ?? { status: 404, body: "not found\n" });
    return;
  }
  const refusal = commandGuard(guard, request);
  if (request.method !== "POST" || refusal?.status === 404) {
    send(response, { status: 404, body: "not found\n" });
    return;
  }
  if (refusal !== null) {
    send(response, json(refusal.status, { error: refusal.reason }));
    return;
  }
  const input = await readInput(request);
  if (input === null) send(response, json(400, { error: "the body must be a small JSON object" }));
  else if (path === "/stop") beginStop(target, response);
  else send(response, (await command(target, path, input)) ?? { status: 404, body: "not found\n" });
}

/** A request listener over the target. A failure of the target becomes a 500 with its message. */
export function controlListener(target: ControlTarget, guard: Guard) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(target, guard, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, json(500, { error: toSuperviseError(error).message }));
    });
  };
}
