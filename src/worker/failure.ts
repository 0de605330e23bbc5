/** What kept a worker from serving, as a failure of the catalogue. */
import { toSuperviseError, SuperviseError } from "../errors.js";
import type { ReportedFailure } from "../ipc/messages.js";

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
  EINVAL: "the address can't be listened on; check [app] host and port",
};

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
  return {
    code: code === "EADDRINUSE" ? "LISTEN_FAILED" : "LISTEN_REFUSED",
    what: `can't listen on ${at} (${code})`,
    remedy,
  };
}

/** `doing` completes "the worker failed ...". */
export function reportedFailure(thrown: unknown, doing: string): ReportedFailure {
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
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return {
    code: "BOOT_FAILED",
    what: `the application failed ${doing}: ${message.split("\n")[0] ?? ""}`,
    remedy: "see the error below",
    ...(stack === undefined ? {} : { details: stack }),
  };
}
