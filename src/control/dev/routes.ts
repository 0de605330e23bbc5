/** Everything under /dazzle/dev/: the page, its data, its commands. Development only. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Setting } from "../../config/load.js";
import { describeOrigin } from "../../config/origin.js";
import { commandGuard, isTokenRight, type Guard, type Refusal } from "../guard.js";
import type { ControlTarget } from "../protocol.js";
import { command, json, pathOf, readInput, send, type Answer, type Input } from "../answers.js";
import { isFromHere, pageGuard } from "./access.js";
import { isAsset, sendAsset } from "./assets.js";
import { startHistory } from "./history.js";
import { streamEvents } from "./stream.js";
import type { DevTarget } from "./target.js";
import type { SettingView } from "./wire.js";

const PREFIX = "/dazzle/dev";

const viewOf = ({ key, value, origin }: Setting): SettingView => ({
  key,
  value,
  from: describeOrigin(origin),
  own: origin.layer !== "default" && origin.layer !== "profile",
});

export interface DevRoutes {
  /** Answers when the path is the page's; false leaves the request alone. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  close(): void;
}

export interface DevRoutesInput {
  readonly target: ControlTarget;
  readonly dev: DevTarget;
  readonly guard: Extract<Guard, { kind: "tcp" }>;
}

export function createDevRoutes({ target, dev, guard }: DevRoutesInput): DevRoutes {
  const token = guard.token ?? "";
  const history = startHistory({
    status: () => target.status(),
    waits: () => dev.waits(),
    exhausted: () => dev.feed.exhausted(),
  });

  const session = (request: IncomingMessage): Answer => {
    // The header makes another site's request ask for leave first, which is never given.
    const ours = request.headers["x-dazzle-page"] === "1";
    return ours && isFromHere(request)
      ? json(200, { token })
      : json(401, {
          error: "this machine's browser gets the token by itself, others must be told it",
        });
  };

  const read = async (path: string, request: IncomingMessage): Promise<Answer | null> => {
    switch (path) {
      case "/session":
        return session(request);
      case "/plan":
        return json(200, await dev.plan());
      case "/revisions":
        return json(200, await dev.revisions());
      case "/config":
        return json(200, dev.settings().map(viewOf));
      default:
        return null;
    }
  };

  const act = async (path: string, input: Input): Promise<Answer | null> => {
    if (path === "/migrate") return json(200, await dev.migrate());
    if (path !== "/restart") return command(target, path, input);
    const slot = input["worker"];
    if (typeof slot === "number" && dev.restart(slot)) return json(200, { worker: slot });
    return json(404, { error: "there is no such worker" });
  };

  const refuse = (response: ServerResponse, { status, reason }: Refusal): void =>
    send(response, json(status, { error: reason }));

  const get = async (path: string, request: IncomingMessage, response: ServerResponse) => {
    const name = path === "/" ? "index.html" : path.replace(/^\/assets\//, "");
    if (isAsset(name) && (path === "/" || path.startsWith("/assets/"))) {
      sendAsset(response, name);
    } else if (path.startsWith("/assets/")) {
      send(response, { status: 404, body: "not found\n" });
    } else if (path !== "/session" && !isTokenRight(request, token)) {
      refuse(response, { status: 401, reason: "the token is missing or wrong" });
    } else if (path === "/events") {
      streamEvents({ response, dev, history, status: () => target.status() });
    } else {
      const answer = await read(path, request);
      send(response, answer ?? { status: 404, body: "not found\n" });
    }
  };

  const post = async (path: string, request: IncomingMessage, response: ServerResponse) => {
    const { origin } = request.headers;
    const refusal: Refusal | null =
      origin === undefined
        ? { status: 403, reason: "the Origin header is missing" }
        : commandGuard(guard, request);
    if (refusal !== null) {
      refuse(response, refusal);
      return;
    }
    const input = await readInput(request);
    const answer =
      input === null
        ? json(400, { error: "the body must be a small JSON object" })
        : await act(path, input);
    send(response, answer ?? { status: 404, body: "not found\n" });
  };

  return {
    answer: async (request, response) => {
      const pathname = pathOf(request);
      if (pathname === PREFIX && request.method === "GET") {
        response.writeHead(308, { location: `${PREFIX}/` }).end();
        return true;
      }
      if (!pathname.startsWith(`${PREFIX}/`)) return false;
      const path = pathname.slice(PREFIX.length);
      const refusal = pageGuard(request, guard.host);
      if (refusal !== null) refuse(response, refusal);
      else if (request.method === "GET" || request.method === "HEAD")
        await get(path, request, response);
      else if (request.method === "POST") await post(path, request, response);
      else {
        response.setHeader("allow", "GET, HEAD, POST");
        send(response, { status: 405, body: "not allowed\n" });
      }
      return true;
    },
    close: () => history.close(),
  };
}
