import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project } from "../support/supervisor.js";
import { CHROMIUM, openBrowser, openPage, REASON } from "./browser.js";

const APP = `export default () => (request, response) => {
  const body = "<!doctype html><title>app</title><h1>the application</h1>";
  response.writeHead(200, { "content-type": "text/html", "content-length": body.length });
  response.end(body);
};
`;

let browser: Browser;
let database: TestDatabase;
beforeAll(async () => {
  if (CHROMIUM !== null) browser = await openBrowser();
  database = await createDatabase();
});
afterAll(async () => {
  if (CHROMIUM !== null) await browser.close();
  await database.drop();
});

async function start(environment: string) {
  const folder = project({ "app.mjs": APP });
  const port = await freePort();
  const running = launch({
    cwd: folder,
    args: ["--log-format", "json", "--log-level", "debug"],
    env: {
      DATABASE_URL: database.url,
      PORT: String(port),
      HOST: "127.0.0.1",
      WEB_CONCURRENCY: "1",
      DAZZLE_ENV: environment,
    },
  });
  await running.waitFor("supervisor.ready");
  return { folder, running, url: `http://127.0.0.1:${port}/` };
}

describe.skipIf(CHROMIUM === null)(`the application in a browser${REASON}`, () => {
  it("is covered by a syntax error until that is repaired", async () => {
    const { folder, running, url } = await start("development");
    await running.waitForMessage("watching");
    // While the worker that it listened to is replaced, a browser's stream may end in the middle.
    const page = await openPage(browser, {}, /ERR_(INCOMPLETE_CHUNKED|CONNECTION|EMPTY)|favicon/);
    await page.goto(url);
    await page.waitForSelector("h1");
    const listening = page.waitForRequest(/overlay$/);
    await page.reload();
    await listening;
    writeFileSync(join(folder, "app.mjs"), "export default () => {\n  const a = ;\n};\n");
    await page.waitForSelector("dazzle-overlay [role=alert]");
    expect(await page.textContent("dazzle-overlay pre")).toContain("const a = ;");
    writeFileSync(join(folder, "app.mjs"), APP);
    await page.waitForSelector("dazzle-overlay", { state: "detached" });
  });

  it("is as it was made for everything but a browser, and in production for browsers too", async () => {
    const { url } = await start("development");
    expect(await (await fetch(url)).text()).not.toContain("overlay");
    const production = await start("production");
    const headers = { "sec-fetch-dest": "document" };
    expect(await (await fetch(production.url, { headers })).text()).not.toContain("overlay");
    expect(await (await fetch(`${production.url}__dazzle__/overlay.js`)).text()).toContain(
      "the application",
    );
  });
});
