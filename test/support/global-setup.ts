/** One real PostgreSQL for the run of a vitest project, started by the program's own code. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbedded } from "../../src/postgres/embedded.js";
import { silentLog } from "./log.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's URL of the test server's maintenance database. */
    serverUrl: string;
    /** Its major version. */
    serverMajor: number;
  }
}

/** TEST_POSTGRES_BIN: the folder of the `postgres` to test with; otherwise the one that a project would get. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { TEST_POSTGRES_BIN: bin, PATH = "" } = process.env;
  if (bin !== undefined) process.env["PATH"] = `${bin}${delimiter}${PATH}`;
  const root = await mkdtemp(join(tmpdir(), "supervise-test-"));
  // Run by root, the server runs as an unprivileged user, who has to reach its data.
  await chmod(root, 0o755);
  const server = await startEmbedded({
    root,
    log: silentLog,
    project: "test",
    // Its data ends with the run.
    settings: { fsync: "off", full_page_writes: "off", max_connections: "300" },
  });
  project.provide("serverUrl", server.url);
  project.provide("serverMajor", Number.parseInt(server.version, 10));
  return async () => {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  };
}
