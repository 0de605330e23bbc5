/**
 * A step before the application, in every server that the worker listens with, whoever made it: what
 * the step takes never reaches the application. It stands in the server's `emit`, which every kind
 * of application is behind: factories, scripts, Express, Fastify, Hono, HTTP/2.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Traffic } from "./traffic.js";

/** True: it has taken the request. */
export type Step = (request: IncomingMessage, response: ServerResponse) => boolean;

type Exchange = readonly [IncomingMessage, ServerResponse];

/** HTTP/2's compatible objects have what a step uses. */
const isExchange = (args: readonly unknown[]): args is Exchange =>
  typeof args[0] === "object" && typeof args[1] === "object" && args[1] !== null;

const isStream = (value: unknown): value is ServerHttp2Stream =>
  typeof value === "object" && value !== null && "pushStream" in value;

const isHeaders = (value: unknown): value is Record<string, string> =>
  typeof value === "object" && value !== null && ":path" in value;

export function beforeRequests(traffic: Traffic, step: Step): void {
  const taken = new WeakSet();
  traffic.onListening((server) => {
    if (taken.has(server)) return;
    taken.add(server);
    const emit = server.emit.bind(server);
    const through = (event: string | symbol, ...args: readonly unknown[]): boolean => {
      if (event === "request" || event === "checkContinue") {
        if (isExchange(args) && step(...args)) return true;
      } else if (event === "stream" && server.listenerCount("request") === 0) {
        const [stream, headers] = args;
        if (isStream(stream) && isHeaders(headers)) {
          // Loaded by whoever serves HTTP/2; the others do without its 5 ms.
          const { Http2ServerRequest, Http2ServerResponse } =
            process.getBuiltinModule("node:http2");
          const request = new Http2ServerRequest(stream, headers, {}, []);
          const pair: readonly unknown[] = [request, new Http2ServerResponse(stream)];
          if (isExchange(pair) && step(...pair)) return true;
        }
      }
      return Boolean(Reflect.apply(emit, server, [event, ...args]));
    };
    Object.assign(server, { emit: through });
  });
}
