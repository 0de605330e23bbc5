/** What node:net hands to `cluster._getServer`, read with care: it is Node's internal business. */
import { resolve } from "node:path";
import type { ListenQuery } from "../../ipc/distribution/messages.js";

/** Null for what is not a stream listener: datagram sockets are left to node:cluster. */
export function parseQuery(options: object): Omit<ListenQuery, "index"> | null {
  const read = (name: string): unknown => Reflect.get(options, name);
  const [address, port, type, fd, flags] = [
    read("address"),
    read("port"),
    read("addressType"),
    read("fd"),
    read("flags"),
  ];
  if (typeof type === "string") return null;
  return {
    address: typeof address === "string" ? absolute(address, port) : null,
    port: typeof port === "number" ? port : -1,
    addressType: typeof type === "number" ? type : -1,
    fd: typeof fd === "number" && fd >= 0 ? fd : null,
    flags: typeof flags === "number" ? flags : 0,
  };
}

/** A unix socket's path is relative to this worker's folder, not to the primary's. */
const absolute = (address: string, port: unknown): string =>
  typeof port === "number" && port < 0 ? resolve(address) : address;
