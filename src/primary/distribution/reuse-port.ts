import { SuperviseError } from "../../errors.js";

/** Throws CONFIG_INVALID on a Node that can't open several sockets on one port: before 23.1. */
export function requireReusePort(nodeVersion: string): void {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  if (major > 23 || (major === 23 && minor >= 1)) return;
  throw new SuperviseError("CONFIG_INVALID", {
    what: `reuseport needs Node 23.1 or later, this is ${nodeVersion}`,
    where: "supervisor.distribution",
    remedy: 'set supervisor.distribution to "auto", or run a newer Node',
  });
}
