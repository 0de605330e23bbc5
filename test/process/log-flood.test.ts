import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady, type Serving } from "../support/serve.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const LINES = 60_000;
const MEGABYTE = 1024 * 1024;

/** The most memory that a process has had so far, in bytes. */
function peak(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

async function uptime(app: Serving): Promise<number> {
  const { stdout } = await app.command("status", "--json");
  const status: unknown = JSON.parse(stdout);
  return Number(Reflect.get(Object(status), "uptime_s"));
}

test.skipIf(process.platform !== "linux")(
  "a flood of lines that nobody reads fills no memory, and all of it arrives once somebody does",
  async () => {
    const app = await serveReady({
      app: "app.mjs",
      url: database.url,
      workers: 1,
      files: {
        "app.mjs": `const text = "x".repeat(1_000);
          export default () => (request, response) => {
            for (let line = 0; line < ${LINES}; line += 1) console.log("line " + line + " " + text);
            response.end("written");
          };`,
      },
    });
    const [worker = 0] = await app.workers();
    const began = await uptime(app);
    const before = { primary: peak(app.pid), worker: peak(worker) };
    app.child.stdout?.pause();
    const answer = ask(app.port, "/", { limitMs: 100_000 });
    // Long enough to write all of it many times over, were it not held up.
    while ((await uptime(app)) < began + 4);
    expect(peak(app.pid) - before.primary).toBeLessThan(20 * MEGABYTE);
    expect(peak(worker) - before.worker).toBeLessThan(20 * MEGABYTE);
    app.child.stdout?.resume();
    expect(await answer).toMatchObject({ status: 200 });
    await app.end();
    const numbers = app.log.flatMap(({ msg }) =>
      msg?.startsWith("line ") === true ? [Number(msg.split(" ")[1])] : [],
    );
    expect(numbers).toHaveLength(LINES);
    expect(numbers.every((number, index) => number === index)).toBe(true);
  },
);
