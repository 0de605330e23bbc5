/** Serves an object with `fetch(request)` (Hono and other web-standard applications) over node:http. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface FetchApp {
  fetch(request: Request): Response | Promise<Response>;
}

const BODYLESS = new Set(["GET", "HEAD"]);

function toRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? "";
    if (!name.startsWith(":")) headers.append(name, request.rawHeaders[index + 1] ?? "");
  }
  const protocol = "encrypted" in request.socket ? "https" : "http";
  const target = request.url ?? "/";
  const url = target.startsWith("/")
    ? `${protocol}://${request.headers.host ?? "localhost"}${target}`
    : target;
  const method = request.method ?? "GET";
  if (BODYLESS.has(method)) return new Request(url, { method, headers, signal });
  const init: RequestInit = {
    method,
    headers,
    signal,
    duplex: "half",
    body: Readable.toWeb(request),
  };
  return new Request(url, init);
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.statusCode = answer.status;
  if (answer.statusText !== "") response.statusMessage = answer.statusText;
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  if (answer.body === null) response.end();
  else await pipeline(answer.body, response);
}

export function fetchListener(app: FetchApp): RequestListener {
  return (incoming, response) => {
    const abort = new AbortController();
    response.once("close", () => abort.abort());
    const serve = async () => send(await app.fetch(toRequest(incoming, abort.signal)), response);
    serve().catch((error: unknown) => {
      if (response.destroyed) return;
      console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { "content-type": "text/plain" }).end("Internal Server Error\n");
    });
  };
}
