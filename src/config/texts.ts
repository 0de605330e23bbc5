/** What texts of the configuration must look like: each check says what is wrong, or null. Pure. */

/** PostgreSQL cuts longer identifiers (NAMEDATALEN - 1). */
const LONGEST_IDENTIFIER_BYTES = 63;

// Names files of backups and the lock, so it must be safe in a path and in a log line.
export const PROJECT_NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u;

export function checkProjectName(name: string): string | null {
  return PROJECT_NAME.test(name)
    ? null
    : "may hold letters, digits, dots, hyphens and underscores only, 63 at most, and begins with a letter or digit";
}

/** https://github.com/npm/validate-npm-package-name, without the legacy names. */
export function checkPackageName(name: string): string | null {
  return /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name)
    ? null
    : "is no npm package name";
}

/** Printable, on one line: a path, a range, a token. */
export function checkPlain(text: string): string | null {
  if (/\p{Cc}/u.test(text)) return "holds a control character";
  return text.trim() === "" ? "is blank" : null;
}

export function checkNamespace(name: string): string | null {
  if (/\p{Cc}/u.test(name)) return "holds a control character";
  if (new TextEncoder().encode(name).length > LONGEST_IDENTIFIER_BYTES) {
    return `is longer than the ${LONGEST_IDENTIFIER_BYTES} bytes of a PostgreSQL name`;
  }
  if (name === "dazzle") return "is the schema of supervise's own state";
  return /^pg_|^information_schema$/.test(name) ? "is reserved by PostgreSQL" : null;
}

/** `unix:PATH`, a host name, an IPv4 or IPv6 address; IPv6 may stand in brackets. */
export function checkHost(host: string): string | null {
  if (host.startsWith("unix:")) {
    return host.length > "unix:".length ? checkPlain(host) : "names no socket path";
  }
  return checkTcpHost(host);
}

export function checkTcpHost(host: string): string | null {
  if (host.startsWith("unix:")) return "is a unix socket, but a TCP address is needed";
  if (host.includes("://")) return "is a URL; give the host alone";
  if (host === "*") return 'is no address; all addresses are "0.0.0.0", with IPv6 "::"';
  if (isIpv6(bareHost(host))) return null;
  if (/^\[.*\]:\d+$|^[^:[\]]*:\d+$/.test(host)) {
    return "holds a port; give the host alone and the port in its own setting";
  }
  if (/^[\d.]+$/.test(host)) return isIpv4(host) ? null : "is no IPv4 address";
  return /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(
    host,
  )
    ? null
    : "is no host name or IP address";
}

/** An IPv6 address without its brackets; anything else as it is. */
export const bareHost = (host: string): string => /^\[(.+)\]$/.exec(host)?.[1] ?? host;

const isIpv4 = (host: string): boolean =>
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(host);

function isIpv6(host: string): boolean {
  const [address, zone, ...more] = host.split("%");
  if (address?.includes(":") !== true || zone === "" || more.length > 0) return false;
  return /^[\da-fA-F:.]+$/.test(address) && URL.canParse(`http://[${address}]`);
}

/** Those that `pg` knows; another one would be taken for `require` in silence. */
const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"];

/** A URL that `pg` can use. Never repeats any of it: it may hold a password. */
export function checkDatabaseUrl(url: string): string | null {
  if (/[\p{Cc}]/u.test(url)) return "holds a control character or line break";
  if (/^["'].*["']$/.test(url)) return "has quotes around it; leave them out";
  const scheme = /^(socket(?=:)|[a-z][a-z0-9+.-]*(?=:\/\/))/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return "is not a URL";
  if (!["postgres", "postgresql", "socket"].includes(scheme)) {
    return `begins with ${scheme}:// instead of postgresql://`;
  }
  const place = /^[^/]*:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(url)?.[1] ?? "";
  if (place.includes(",")) return "names several hosts, which pg does not support";
  if (Number(/:(\d+)$/.exec(place)?.[1] ?? 0) > 65_535) return "names a port above 65535";
  // pg takes an empty host, `user:password@/database?host=/run/postgresql`; a URL parser does not.
  const whole = url.replace("@/", "@socket/");
  const parsed = URL.canParse(url) ? url : whole;
  if (!URL.canParse(parsed)) {
    return "is malformed; special characters in the user or password must be percent-encoded, as %23 for #";
  }
  const { username, password, host, pathname, search, port, hash } = new URL(parsed);
  if (scheme !== "socket" && `${host}${pathname}${search}`.length < 2) {
    return "names neither a host nor a database";
  }
  if (/\$\{|\{\{|\$[A-Z]/.test(`${host}${pathname}`))
    return "holds a variable that was not filled in";
  if (hash !== "") return "holds a #, which must be percent-encoded as %23";
  if (port === "0") return "names port 0";
  const sslmode = new URLSearchParams(search).get("sslmode");
  if (sslmode !== null && !SSL_MODES.includes(sslmode)) {
    return `has an sslmode that is none of ${SSL_MODES.join(", ")}`;
  }
  return [username, password, pathname].every(decodes)
    ? null
    : "holds a % that is not followed by two hexadecimal digits; a % itself is written %25";
}

function decodes(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

/** The URL with every password in it replaced, for people's eyes. */
export function maskDatabaseUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/?#]*:)[^]*@/i, "$1***@")
    .replace(/([?&](?:[a-z]*password|sslkey)=)[^&]*/gi, "$1***");
}
