/**
 * Who may see the development page and its data. Commands need the token on top (guard.ts). A page
 * of another site fails on Fetch Metadata and Origin, a rebound host name on Host, another machine
 * on not knowing the token: only a browser on this machine is handed it.
 */
import type { IncomingMessage } from "node:http";
import { isOwnHost, isOwnOrigin, type Refusal } from "../guard.js";

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** Null when the request comes from this machine's browser or from the page itself. */
export function pageGuard(request: IncomingMessage, host: string): Refusal | null {
  if (!isOwnHost(request.headers.host ?? "", host)) {
    return { status: 403, reason: "the Host header names another site" };
  }
  if (!isOwnOrigin(request)) {
    return { status: 403, reason: "the Origin header names another site" };
  }
  const site = request.headers["sec-fetch-site"];
  const navigates =
    request.headers["sec-fetch-mode"] === "navigate" &&
    request.headers["sec-fetch-dest"] === "document";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !navigates) {
    return { status: 403, reason: "the request comes from another site" };
  }
  return null;
}

export const isFromHere = (request: IncomingMessage): boolean =>
  LOOPBACK.test(request.socket.remoteAddress ?? "");
