/** PostgreSQL for development: a server of one's own under the project's `.dazzle/postgres`. */
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { SuperviseError } from "../errors.js";
import type { Logger } from "../log/logger.js";

export interface EmbeddedOptions {
  readonly root: string;
  readonly log: Logger;
}

export interface Embedded {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

const run = promisify(execFile);

export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const majors = (await readdir("/usr/lib/postgresql")).sort((a, b) => Number(b) - Number(a));
  const bin = join("/usr/lib/postgresql", majors[0] ?? "", "bin");
  const { uid, gid } = await unprivileged();
  const as = uid === undefined ? {} : { uid, gid };
  const data = join(options.root, ".dazzle", "postgres");
  await rm(data, { recursive: true, force: true });
  await mkdir(join(options.root, ".dazzle"), { recursive: true });
  await mkdir(data, { mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  const secret = join(options.root, ".dazzle", "password");
  await writeFile(secret, password, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) {
    await chown(data, uid, gid);
    await chown(secret, uid, gid);
  }
  await run(
    join(bin, "initdb"),
    [
      "-D",
      data,
      "-U",
      "postgres",
      "--auth=scram-sha-256",
      `--pwfile=${secret}`,
      "--no-sync",
    ].concat(["--encoding=UTF8", "--locale=C.UTF-8"]),
    { ...as, cwd: "/" },
  );
  const port = await freePort();
  const args = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1"];
  args.push("-c", "unix_socket_directories=", "-c", "timezone=UTC", "-c", "fsync=off");
  const child = spawn(join(bin, "postgres"), args, {
    ...as,
    cwd: "/",
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for (;;) {
    if (child.exitCode !== null) {
      throw new SuperviseError("EMBEDDED_UNAVAILABLE", { what: "it ended", remedy: "see the log" });
    }
    if (await isReady(data)) break;
    await sleep(10);
  }
  const { stdout } = await run(join(bin, "postgres"), ["--version"]);
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    version: /\d+\.\d+/.exec(stdout)?.[0] ?? "",
    stop: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
}

async function isReady(data: string): Promise<boolean> {
  try {
    return (
      (await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[7]?.trim() === "ready"
    );
  } catch {
    return false;
  }
}

async function unprivileged(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([
    run("id", ["-u", "postgres"]),
    run("id", ["-g", "postgres"]),
  ]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
