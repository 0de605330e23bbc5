// A PostgreSQL of its own for a benchmark: the product's embedded server in a temporary folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createLogger } from "../../dist/log/sink.js";
import { startEmbedded } from "../../dist/postgres/embedded.js";

export async function startBenchServer() {
  const root = mkdtempSync(join(tmpdir(), "bench-postgres-"));
  const server = await startEmbedded({
    root,
    log: createLogger({ format: "json", level: "fatal" }),
  });
  return {
    url: server.url,
    /** A new empty database; its URL. @param {string} name */
    async createDatabase(name) {
      const client = new pg.Client(server.url);
      await client.connect();
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      await client.end();
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
