import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";
import { PROGRAM } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const LIBRARY = join(PROGRAM, "..", "..", "dist", "index.js");

/** Tells what Node has loaded, and whether it shows a navigator that this Node does not have. */
const TELLS = `
  const told = () => JSON.stringify({
    fetch: process.moduleLoadList.some((name) => name.includes("undici")),
    navigator: Object.hasOwn(globalThis, "navigator"),
  });
`;

const APPS = {
  "a factory": `${TELLS} export default () => (request, response) => response.end(told());`,
  "a script with the pool": `
    import { createServer } from "node:http";
    import { pool } from ${JSON.stringify(LIBRARY)};
    ${TELLS}
    await pool.query("select 1");
    createServer((request, response) => response.end(told())).listen(process.env.PORT);`,
} as const;

test.each(Object.entries(APPS))(
  "a worker's own pool loads none of Node's fetch and leaves no global behind: %s",
  async (_kind, text) => {
    const app = await serveReady({
      app: "app.mjs",
      url: database.url,
      files: { "app.mjs": text },
      workers: 1,
    });
    const { body } = await ask(app.port, "/");
    expect(JSON.parse(body)).toEqual({ fetch: false, navigator: "navigator" in globalThis });
  },
);
