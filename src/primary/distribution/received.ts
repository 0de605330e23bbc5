/**
 * Whether bytes of a connection were read and are gone. Between the moment in which a worker's
 * read(2) returns and that in which it records the connection as begun, it may be killed; another
 * worker would then wait for a request that will not come again. The kernel knows: the acknowledgement
 * timer of a TCP connection is unset until it has received its first data. Received, and nothing of it
 * left to read: consumed. Linux only; unix sockets have no such timer.
 */
import { fstatSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** The columns of /proc/net/tcp that matter; see proc_net_tcp.rst of the kernel's documentation. */
const QUEUES = 4;
const INODE = 9;
const ACK_TIMER = 13;

/** For each descriptor whether its connection has received data of which nothing is left. */
export async function consumedAmong(descriptors: readonly number[]): Promise<readonly boolean[]> {
  // The kernel walks all its connections for such a table.
  if (descriptors.length === 0) return [];
  const inodes = descriptors.map((descriptor) => String(fstatSync(descriptor).ino));
  const tables = await Promise.all([table("/proc/net/tcp"), table("/proc/net/tcp6")]);
  const consumed = consumedInodes(tables.join("\n"), new Set(inodes));
  return inodes.map((inode) => consumed.has(inode));
}

/** Of the inodes wanted, those of connections that have received data of which nothing is left. */
export function consumedInodes(text: string, wanted: ReadonlySet<string>): ReadonlySet<string> {
  const consumed = new Set<string>();
  for (const line of text.split("\n")) {
    const fields = line.trim().split(/\s+/);
    const inode = fields[INODE] ?? "";
    if (!wanted.has(inode)) continue;
    const unread = parseInt(fields[QUEUES]?.split(":")[1] ?? "0", 16);
    if (unread === 0 && Number(fields[ACK_TIMER] ?? 0) > 0) consumed.add(inode);
  }
  return consumed;
}

/** Empty where the system has no such table. */
async function table(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
