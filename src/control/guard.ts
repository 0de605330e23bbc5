/** Who may send commands. The unix socket's file mode is its guard; TCP has this one. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

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

/** The Host header names loopback or the address that the server listens on. */
export const isOwnHost = (header: string, host: string): boolean =>
  LOOPBACK.has(hostName(header)) || hostName(header) === host.toLowerCase();

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
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, reason: "the Origin header names another site" };
  }
  return isTokenRight(request, guard.token)
    ? null
    : { status: 401, reason: "the token is missing or wrong" };
}
