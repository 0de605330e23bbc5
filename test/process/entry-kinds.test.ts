/** How an entry is run: as plain node runs it, whatever kind of module it is, in the first worker and in later ones. */
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

const LIBRARY = JSON.stringify(join(PROGRAM, "..", "..", "dist", "index.js"));

const COMMONJS = `
  const { createServer } = require("node:http");
  const told = {
    main: require.main === module && process.mainModule === module,
    parent: module.parent ?? null,
    name: process.argv[1] === __filename,
  };
  createServer((_, response) => response.end(JSON.stringify(told))).listen(process.env.PORT);
`;
const AS_MAIN = { main: true, parent: null, name: true };

const ES_MODULE = (serve: string): string => `
  import { createServer } from "node:http";
  import { fileURLToPath } from "node:url";
  ${serve}
`;
const TELLS_NAME = `createServer((_, response) => response.end(JSON.stringify({
  name: process.argv[1] === fileURLToPath(import.meta.url) }))).listen(process.env.PORT);`;
const NAMED = { name: true };

const KINDS: readonly (readonly [string, Readonly<Record<string, string>>, object])[] = [
  ["app.cjs", { "app.cjs": COMMONJS }, AS_MAIN],
  ["app.js", { "app.js": COMMONJS }, AS_MAIN],
  ["app.js", { "app.js": COMMONJS, "package.json": `{ "type": "commonjs" }` }, AS_MAIN],
  ["app.mjs", { "app.mjs": ES_MODULE(TELLS_NAME) }, NAMED],
  ["app.js", { "app.js": ES_MODULE(TELLS_NAME), "package.json": `{ "type": "module" }` }, NAMED],
  ["app.cjs", { "app.cjs": COMMONJS, "package.json": `{ "type": "module" }` }, AS_MAIN],
];

test.each(KINDS)("%s of a project is run as plain node runs it (%#)", async (app, files, told) => {
  const running = await serveReady({ app, url: database.url, files, workers: 1 });
  expect(JSON.parse((await ask(running.port, "/")).body)).toEqual(told);
});

test("CommonJS that exports a factory is found, whatever it exports besides", async () => {
  const factory = `exports.createApp = ({ worker }) => (_, response) => response.end(String(worker.id));
    exports.other = 1;`;
  const app = await serveReady({
    app: "app.cjs",
    url: database.url,
    files: { "app.cjs": factory },
    workers: 1,
  });
  expect((await ask(app.port, "/")).body).toBe("1");
});

test("what is preloaded has its hooks asked for a CommonJS entry too", async () => {
  const hooks = `export async function load(url, context, next) {
    if (!url.endsWith("/app.cjs")) return next(url, context);
    const text = 'module.exports = () => (_, response) => response.end("hooked")';
    return { format: "commonjs", source: text, shortCircuit: true };
  }`;
  const app = await serveReady({
    app: "app.cjs",
    url: database.url,
    files: {
      "app.cjs": `module.exports = () => (_, response) => response.end("plain");`,
      "hooks.mjs": hooks,
      "register.mjs": `import { register } from "node:module"; register("./hooks.mjs", import.meta.url);`,
    },
    workers: 1,
    env: { NODE_OPTIONS: "--import ./register.mjs" },
  });
  expect((await ask(app.port, "/")).body).toBe("hooked");
});

test("a worker whose preloaded module has read the primary's order asks for it again", async () => {
  // A few turns of the loop: whatever is in the channel is read before the worker's own code runs.
  const preload = `
    if (process.send !== undefined) {
      for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }`;
  const app = await serveReady({
    app: "http-hello.mjs",
    url: database.url,
    files: {
      "http-hello.mjs": `export default () => (_, response) => response.end("served");`,
      "preload.mjs": preload,
    },
    workers: 2,
    env: { NODE_OPTIONS: "--import ./preload.mjs" },
  });
  expect((await ask(app.port, "/")).body).toBe("served");
});

test("a worker that runs from an earlier one's compiled code has one library and a clean environment", async () => {
  const app = await serveReady({
    app: "app.mjs",
    url: database.url,
    workers: 1,
    supervisor: `max_restarts = 1000\nrestart_window = "1s"`,
    files: {
      "app.mjs": `
        import { createRequire } from "node:module";
        import { pool, worker } from ${LIBRARY};
        const { cache } = createRequire(import.meta.url);
        const bundle = Object.keys(cache).find((name) => name.endsWith("bundle.cjs"));
        export default (ctx) => (_, response) => response.end(JSON.stringify({
          same: ctx.pool === pool && ctx.worker === worker,
          leaked: Object.keys(process.env).filter((name) => name.includes("CODE_CACHE")),
          scripted: cache[bundle].children.length === 0 && cache[bundle].parent === undefined,
        }));`,
    },
  });
  for (let replaced = 0; replaced < 3; replaced += 1) {
    const { body } = await ask(app.port, "/");
    expect(JSON.parse(body)).toEqual({ same: true, leaked: [], scripted: true });
    const [pid = 0] = await app.workers();
    process.kill(pid, "SIGKILL");
    await app.says(({ event }) => event === "worker.ready", replaced + 2);
  }
});
