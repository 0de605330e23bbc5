/**
 * The control server's answers, the same over the unix socket and TCP. Deliberately without any
 * knowledge of where a request came from: guard.ts decides who may send commands.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { toSuperviseError, type SuperviseError } from "../errors.js";
import { command, json, pathOf, readInput, send, type Answer } from "./answers.js";
import type { DevRoutes } from "./dev/routes.js";
import { commandGuard, isOwnHost, type Guard } from "./guard.js";
import { metricsAnswer } from "./metrics-format.js";
import type { ControlTarget } from "./protocol.js";

function read(target: ControlTarget, path: string, accept: string): Answer | null {
  switch (path) {
    case "/livez":
      return { status: 200, body: "ok\n" };
    case "/readyz": {
      const { ready, reason } = target.readiness();
      return { status: ready ? 200 : 503, body: `${reason}\n` };
    }
    case "/metrics":
      return metricsAnswer(target.metrics(), accept);
    case "/status":
      return json(200, target.status());
    default:
      return null;
  }
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

/** A developer's browser may be led here under another site's name; probes may use any. */
const isRebound = (guard: Guard, request: IncomingMessage, path: string): boolean =>
  guard.kind === "tcp" &&
  guard.token !== null &&
  (path === "/status" || path === "/metrics") &&
  !isOwnHost(request.headers.host ?? "", guard.host);

async function answer(
  target: ControlTarget,
  guard: Guard,
  dev: DevRoutes | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (dev !== null && (await dev.answer(request, response))) return;
  const path = pathOf(request);
  if (request.method === "GET" || request.method === "HEAD") {
    if (isRebound(guard, request, path)) {
      send(response, { status: 403, body: "the Host header names another site\n" });
      return;
    }
    send(
      response,
      read(target, path, request.headers.accept ?? "") ?? { status: 404, body: "not found\n" },
    );
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

/** The whole line for people, and its parts for our own commands, which exit as the failure says. */
const told = ({ message, code, parts: { what, where, remedy } }: SuperviseError): object => ({
  error: message,
  failure: { code, what, where, remedy },
});

/** A request listener over the target. A failure of the target becomes a 500 with its message. */
export function controlListener(target: ControlTarget, guard: Guard, dev: DevRoutes | null = null) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(target, guard, dev, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, json(500, told(toSuperviseError(error))));
    });
  };
}
