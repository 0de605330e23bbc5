/**
 * Development: a change that does not run is shown in the browser, over the application's own page.
 * Only what a browser navigates to gets the script, and only plain HTML without a policy of its own;
 * every other response is as the application made it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Problem } from "../ipc/messages.js";
import { beforeRequests } from "./before-request.js";
import { OVERLAY_SCRIPT } from "./overlay-script.js";
import type { Runtime } from "./runtime.js";
import type { Traffic } from "./traffic.js";

const PREFIX = "/__dazzle__/overlay";
const TAG = `\n<script src="${PREFIX}.js" defer></script>\n`;
/** How soon a browser asks again after the worker that it listened to has ended. */
const RETRY_MS = 250;

export interface Overlay {
  show(problem: Problem | null): void;
}

export function installOverlay(traffic: Traffic, runtime: Runtime): Overlay {
  let problem: Problem | null = null;
  const streams = new Set<ServerResponse>();
  const send = (response: ServerResponse): void => {
    response.write(`retry: ${RETRY_MS}\ndata: ${JSON.stringify(problem)}\n\n`);
  };
  const answer = (response: ServerResponse, script: boolean): void => {
    response.setHeader("cache-control", "no-store");
    response.setHeader("content-type", script ? "text/javascript" : "text/event-stream");
    if (script) {
      response.end(OVERLAY_SCRIPT);
      return;
    }
    streams.add(response);
    response.once("close", () => streams.delete(response));
    send(response);
    if (runtime.signal.aborted) response.end();
  };
  // A stream is not a request that a drain should wait for.
  runtime.signal.addEventListener("abort", () => {
    for (const response of streams) response.end();
  });
  beforeRequests(traffic, (request, response) => {
    if (request.url === `${PREFIX}.js` || request.url === PREFIX) {
      answer(response, request.url.endsWith(".js"));
      return true;
    }
    if (isNavigation(request)) appendTo(response);
    return false;
  });
  return {
    show: (now) => {
      problem = now;
      for (const response of streams) send(response);
    },
  };
}

const isNavigation = ({ method, headers, httpVersionMajor }: IncomingMessage): boolean =>
  method === "GET" && headers["sec-fetch-dest"] === "document" && httpVersionMajor === 1;

/** Headers given to writeHead take part in the decision like those set before. */
function appendTo(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response);
  const end = response.end.bind(response);
  let appending = false;
  const head = (status: number, ...rest: readonly unknown[]): ServerResponse => {
    const reason = rest.find((part) => typeof part === "string");
    for (const [name, value] of headersIn(rest.find((part) => typeof part === "object"))) {
      response.setHeader(name, value);
    }
    const plain =
      !response.hasHeader("content-encoding") && !response.hasHeader("content-security-policy");
    appending = plain && /^text\/html\b/i.test(String(response.getHeader("content-type") ?? ""));
    if (appending) response.removeHeader("content-length");
    return reason === undefined ? writeHead(status) : writeHead(status, reason);
  };
  const last = (...args: readonly unknown[]): ServerResponse => {
    if (!response.headersSent) head(response.statusCode);
    if (!appending) {
      Reflect.apply(end, response, args);
      return response;
    }
    appending = false;
    const done = args.find((part) => typeof part === "function");
    const [chunk, encoding] = args;
    if (chunk !== undefined && chunk !== null && typeof chunk !== "function") {
      Reflect.apply(
        response.write.bind(response),
        response,
        typeof encoding === "string" ? [chunk, encoding] : [chunk],
      );
    }
    Reflect.apply(end, response, done === undefined ? [TAG] : [TAG, done]);
    return response;
  };
  Object.assign(response, { writeHead: head, end: last });
}

function headersIn(given: unknown): [string, string | string[]][] {
  if (Array.isArray(given)) {
    const flat = given.flat().map(String);
    return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : []));
  }
  if (typeof given !== "object" || given === null) return [];
  return Object.entries(given).flatMap(
    ([name, value]: [string, unknown]): [string, string | string[]][] => {
      if (typeof value === "string" || typeof value === "number") return [[name, String(value)]];
      return Array.isArray(value) ? [[name, value.map(String)]] : [];
    },
  );
}
