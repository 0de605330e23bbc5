/** Under --enable-source-maps what is told of an error leads to the source, in the first worker and in later ones. */
import { afterAll, beforeAll, expect, test } from "vitest";
import ts from "typescript";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** Types that take lines of their own, so that no line of the result has the number of its source. */
const SOURCE = `
interface Order {
  readonly id: number;
  readonly items: readonly string[];
}
type Answer = { end(text: string): void };

function shipOrder(order: Order): never {
  throw new Error("order " + order.id + " can't be shipped");
}

export default function createApp() {
  console.log(new Error("made here").stack);
  return (request: { url: string }, response: Answer): void => {
    response.end("ok");
    if (request.url === "/log") {
      try {
        shipOrder({ id: 1, items: [] });
      } catch (error) {
        console.log(error);
      }
    }
    if (request.url === "/crash") setImmediate(() => shipOrder({ id: 2, items: [] }));
  };
}
`;

const THROWS = SOURCE.split("\n").findIndex((line) => line.includes("throw new")) + 1;

const compiled = (): string =>
  ts.transpileModule(SOURCE, {
    fileName: "app.ts",
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      inlineSourceMap: true,
      inlineSources: true,
    },
  }).outputText;

test("errors of compiled code name the source's file and line, in the log and where a worker ends", async () => {
  const app = await serveReady({
    app: "app.mjs",
    url: database.url,
    files: { "app.mjs": compiled(), "app.ts": SOURCE },
    workers: 1,
    env: { NODE_OPTIONS: "--enable-source-maps" },
  });
  const place = `app.ts:${THROWS}:`;
  for (const life of [1, 2]) {
    await app.says(({ event }) => event === "worker.ready", life);
    // The supervisor's own functions around it are told by their source as well.
    await app.says(({ msg }) => msg?.includes("src/worker/entry.ts:") === true, life);
    await ask(app.port, "/log");
    await app.says(
      ({ msg }) => msg?.includes("shipOrder") === true && msg.includes(place),
      2 * life - 1,
    );
    await ask(app.port, "/crash");
    await app.says(({ event }) => event === "worker.exit", life);
    const exit = app.log.filter(({ event }) => event === "worker.exit")[life - 1];
    expect(exit?.["details"]).toContain(`app.ts:${THROWS}`);
    expect(exit?.["details"]).toContain("can't be shipped");
  }
});
