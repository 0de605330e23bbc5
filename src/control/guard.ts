/** Who may send commands. The unix socket's file mode is its guard; TCP has this one. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

export type Guard =
  | { kind: "unix" }
  /** Token null: commands do not exist here at all (staging and production). */
  | { kind: "tcp"; token: string | null; host: string };

export interface Refusal {
  status: 401 | 403 | 404;
  reason: string;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function hostName(header: string): string {
  return header.replace(/:\d+$/, "").toLowerCase();
}

/** Every address of this machine. */
const WILDCARDS = new Set(["0.0.0.0", "::"]);

/**
 * The Host header names loopback or the address that the server listens on. One that listens on every
 * address takes any address, but no name: only names can be rebound.
 */
export function isOwnHost(header: string, host: string): boolean {
  const name = hostName(header);
  if (LOOPBACK.has(name) || name === host.toLowerCase()) return true;
  return WILDCARDS.has(host) && isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

/** Requests of pages carry an Origin, unless they are same-origin GETs. */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined || headers.origin === `http://${headers.host ?? ""}`;
}

/** Compares in constant time. */
export function isTokenRight(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

/** Null when the request may command; a page of another site fails on Origin, one by DNS rebinding on Host. */
export function commandGuard(guard: Guard, request: IncomingMessage): Refusal | null {
  if (guard.kind === "unix") return null;
  if (guard.token === null) return { status: 404, reason: "not found" };
  const host = request.headers.host ?? "";
  if (!isOwnHost(host, guard.host)) {
    return { status: 403, reason: "the Host header names another site" };
  }
  if (!isOwnOrigin(request)) {
    return { status: 403, reason: "the Origin header names another site" };
  }
  return isTokenRight(request, guard.token)
    ? null
    : { status: 401, reason: "the token is missing or wrong" };
}
