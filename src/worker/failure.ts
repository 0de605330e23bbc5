/** What kept a worker from serving, as a failure of the catalogue. */
import { codeFrame } from "../log/code-frame.js";
import { withoutPlace } from "../log/error-place.js";
import { locateSyntaxError } from "./syntax-error.js";
import { toSuperviseError, SuperviseError } from "../errors.js";
import type { ReportedFailure } from "../ipc/messages.js";

const ESM_SYNTAX =
  /^(Unexpected token 'export'|Cannot use import statement outside a module|Cannot use 'import\.meta' outside a module)/;

const property = (value: unknown, name: string): string | null => {
  if (typeof value !== "object" || value === null || !(name in value)) return null;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" || typeof found === "number" ? String(found) : null;
};

const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process has this port; stop it or choose another with --port",
  EACCES:
    "this user may not open it, or the socket's folder does not exist; choose a port above 1023 or another path",
  EADDRNOTAVAIL: "no interface of this machine has this address; check [app] host",
  ENOTFOUND: "the host name has no address; check [app] host",
  EAI_AGAIN: "the host name can't be looked up; check [app] host",
  ENOENT: "the socket's folder does not exist; make it or choose another path",
  ENOTDIR: "a file is in the place of the socket's folder; choose another path",
  ELOOP: "symbolic links on the way to it lead in a circle; choose another path",
  EROFS: "its file system is read-only; choose another path",
  EINVAL: "the address can't be listened on; check [app] host and port",
};

const PATH_TAKEN =
  "another process listens there, or it is a file of another kind; choose another path";

/** A listening error as its own failure; null for every other error. */
function listenFailure(thrown: unknown): ReportedFailure | null {
  const code = property(thrown, "code");
  const syscall = property(thrown, "syscall");
  const remedy = code === null ? undefined : LISTENING[code];
  if (code === null || remedy === undefined) return null;
  if (syscall !== "listen" && syscall !== "bind" && syscall !== "getaddrinfo") return null;
  const host = property(thrown, "address") ?? property(thrown, "hostname") ?? "";
  const port = property(thrown, "port");
  const at = port === null || port === "-1" ? host : `${host}:${port}`;
  const isPath = code === "EADDRINUSE" && (port === null || port === "-1");
  return {
    code: code === "EADDRINUSE" ? "LISTEN_FAILED" : "LISTEN_REFUSED",
    what: `can't listen on ${at} (${code})`,
    remedy: isPath ? PATH_TAKEN : remedy,
  };
}

/** A message from Node that begins with the place, as for errors in modules it could not link. */
const hasPlace = (stack: string): boolean => /^(file:\/\/)?\/[^\n]+:\d+\n/.test(stack);

/** Causes may be in a circle. */
const MOST_CAUSES = 5;

function causesOf(thrown: Error): string {
  let text = "";
  let cause: unknown = thrown.cause;
  for (let depth = 0; depth < MOST_CAUSES && cause instanceof Error; depth += 1) {
    text += `\ncaused by ${withoutPlace(cause.stack ?? cause.message)}`;
    cause = cause.cause;
  }
  return text;
}

/** The stack, led by the lines of the application's own file that it is about. */
function detailsOf(thrown: Error, located: string | null): string | null {
  const said = located ?? thrown.stack ?? null;
  if (said === null) return null;
  const frame = codeFrame(said);
  return `${frame === null ? "" : `${frame}\n\n`}${frame === null ? said : withoutPlace(said)}${causesOf(thrown)}`;
}

/** As reportedFailure, with the place of a syntax error searched for in the files of `entry`. */
export async function locatedFailure(
  thrown: unknown,
  doing: string,
  entry: string | null,
): Promise<ReportedFailure> {
  const lost = thrown instanceof SyntaxError && !hasPlace(thrown.stack ?? "");
  const located = lost && entry !== null ? await locateSyntaxError(entry) : null;
  return reportedFailure(thrown, doing, located);
}

/** What is wrong, for the mistakes that Node's own words do not explain. */
function hint(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) return null;
  if (thrown instanceof SyntaxError && ESM_SYNTAX.test(thrown.message)) {
    return 'an ES module: write "type": "module" in package.json, or end the name in .mjs';
  }
  if (
    thrown instanceof ReferenceError &&
    /^(require|module|exports|__dirname)\b/.test(thrown.message)
  ) {
    return 'a CommonJS module: end the name in .cjs, or take "type": "module" out of package.json';
  }
  return null;
}

/** `doing` completes "the worker failed ...". */
export function reportedFailure(
  thrown: unknown,
  doing: string,
  located: string | null = null,
): ReportedFailure {
  const listening = listenFailure(thrown);
  if (listening !== null) return listening;
  if (thrown instanceof SuperviseError) {
    const { what, remedy, where, details } = thrown.parts;
    return {
      code: thrown.code,
      what,
      remedy,
      ...(where === undefined ? {} : { where }),
      ...(details === undefined ? {} : { details }),
    };
  }
  const message = thrown instanceof Error ? thrown.message : toSuperviseError(thrown).parts.what;
  const details = thrown instanceof Error ? detailsOf(thrown, located) : null;
  return {
    code: "BOOT_FAILED",
    what: `the application failed ${doing}: ${message.split("\n")[0] ?? ""}`,
    remedy:
      hint(thrown) ??
      (details === null ? "throw an Error, which says where" : "see the error below"),
    ...(details === null ? {} : { details }),
  };
}
