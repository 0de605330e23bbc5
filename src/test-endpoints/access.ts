/**
 * Who may use the test endpoints: programs, and pages of the application itself. A page of another
 * site is told by Fetch Metadata and Origin; one that rebound its own name to this machine by that
 * name, which no check of origins can see.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

export interface Access {
  /** Any name may lead here, as in staging, or the secret keeps others out. */
  readonly anyName: boolean;
  /** The address that the application listens on. */
  readonly host: string;
}

const hostOf = ({ headers }: IncomingMessage): string =>
  // HTTP/2 has the name in a header of its own.
  String(headers.host ?? headers[":authority"] ?? "");

function isForeignPage(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  const host = hostOf(request);
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return true;
  }
  const site = request.headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/**
 * Only a name that somebody else can give out is dangerous: an address is none, a name without a dot
 * (`localhost`, a service of a compose file) and one in `.localhost` or `.internal` is nobody's.
 */
function isHarmlessName(header: string, own: string): boolean {
  const name = header
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
  if (!name.includes(".") || isIP(name) !== 0 || name === own.toLowerCase()) return true;
  return /\.(localhost|internal)$/.test(name);
}

/** Why the request is refused; null when it is not. */
export function refusalOf(request: IncomingMessage, { anyName, host }: Access): string | null {
  if (isForeignPage(request)) return "the request comes from a page of another site";
  if (anyName || isHarmlessName(hostOf(request), host)) return null;
  return "the Host header names another site: set DAZZLE_TEST_SECRET to use the test endpoints by this name";
}
