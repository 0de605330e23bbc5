import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project, type Running } from "../support/supervisor.js";
import { CHROMIUM, openBrowser, openPage, REASON } from "./browser.js";

const APP = `export default ({ log, pool }) => async (request, response) => {
  if (request.url === "/hold") await pool.query("select pg_sleep(1)");
  if (request.url === "/markup") log.warn("<img src=x onerror=document.title='hacked'>");
  response.end("old");
};
`;
/** A script that knows no database. */
const SERVER = `import { createServer } from "node:http";
createServer((request, response) => response.end("hi")).listen(process.env.PORT);
`;
const SCHEMA = "CREATE TABLE note (id int PRIMARY KEY);\n";

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

interface Site {
  readonly running: Running;
  readonly folder: string;
  readonly app: string;
  readonly control: string;
  /** Starts the program once more, on the same ports. */
  readonly again: () => Promise<Running>;
}

async function start(
  args: readonly string[] = ["--no-watch"],
  env: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const folder = project({ "app.mjs": APP, "script.mjs": SERVER, "schema.sql": SCHEMA });
  const [port, controlPort] = [await freePort(), await freePort()];
  const run = async (): Promise<Running> => {
    const running = launch({
      cwd: folder,
      args: [
        "--log-format",
        "json",
        "--log-level",
        "debug",
        "--control-port",
        String(controlPort),
        ...args,
      ],
      env: { DATABASE_URL: database.url, PORT: String(port), ...env },
    });
    await running.waitFor("supervisor.ready");
    return running;
  };
  return {
    running: await run(),
    folder,
    app: `http://127.0.0.1:${port}`,
    control: `http://127.0.0.1:${controlPort}`,
    again: run,
  };
}

async function open(site: Site, tab = "overview", options = {}, allowed?: RegExp): Promise<Page> {
  const page = await openPage(browser, options, allowed);
  await page.goto(`${site.control}/dazzle/dev/#${tab}`);
  await page.waitForSelector(".pill.running");
  return page;
}

describe.skipIf(CHROMIUM === null)(`the development page${REASON}`, () => {
  it("shows the workers live and scales, reloads and restarts them", async () => {
    const site = await start();
    const page = await open(site);
    await page.waitForSelector("text=1 of 1");
    await page.click("button[aria-label='One worker more']");
    await page.waitForSelector("text=2 of 2");
    await site.running.waitFor("worker.ready", (line) => line["worker"] === 2);
    await page.click("button:has-text('Reload')");
    await page.waitForSelector("text=Generation 2 serves.");
    await page.click("button[aria-label='Restart worker 1']");
    await page.click("dialog[open] button:has-text('Restart')");
    await page.waitForSelector("text=Worker 1 is being replaced.");
    await site.running.waitFor("worker.exit", (line) => line["reason"] === "signal");
  });

  it("is worked with the keyboard alone", async () => {
    const page = await open(await start());
    await page.keyboard.press("+");
    await page.waitForSelector("text=2 of 2");
    await page.keyboard.press("-");
    await page.waitForSelector("text=1 of 1");
    await page.keyboard.press("r");
    await page.waitForSelector("text=Generation 2 serves.");
    await page.keyboard.press("4");
    await page.waitForSelector("#panel-log:not([hidden])");
    await page.keyboard.press("/");
    await page.keyboard.type("budget");
    await page.waitForSelector("#panel-log li:has-text('budget.ok')");
    expect(await page.locator("#panel-log li:has-text('worker.ready')").count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
  });

  it("shows the plan with its SQL and runs it when asked", async () => {
    const site = await start();
    const page = await open(site, "migrations");
    await page.waitForSelector("text=The database is as the schema files want it.");
    writeFileSync(
      join(site.folder, "schema.sql"),
      "CREATE TABLE note (id int PRIMARY KEY, plan_text text);\n",
    );
    await page.click("button:has-text('Check again')");
    await page.waitForSelector("text=add column note.plan_text");
    expect(await page.textContent("#panel-migrations pre")).toContain("ADD COLUMN");
    await page.click("button:has-text('Apply 1 safe change')");
    await page.click("dialog[open] button:has-text('Run')");
    await page.waitForSelector("text=The database is as the schema files want it.");
  });

  it("lists the revisions with their SQL, and runs the pending ones when asked", async () => {
    const own = await createDatabase();
    onTestFinished(() => own.drop());
    const site = await start(["--no-watch"], { DATABASE_URL: own.url });
    const page = await open(site, "migrations");
    await page.waitForSelector("text=No revisions yet.");
    const revision = (version: string, up: string) => {
      writeFileSync(join(site.folder, "migrations", version), `-- migrate:up\n${up}\n`);
    };
    mkdirSync(join(site.folder, "migrations"));
    for (let at = 10; at < 22; at += 1) {
      const sql = `CREATE FUNCTION f${at}() RETURNS int LANGUAGE sql AS 'select ${at}';`;
      revision(`202611${at}101500_function_number_${at}.sql`, sql);
    }
    revision("20261201101500_not_written_yet.sql", "");
    await page.click("button:has-text('Check again')");
    const item = (name: string) => page.locator(".revision", { hasText: name });
    await item("not written yet").getByText("Nothing stands in it yet").waitFor();
    await page.waitForSelector("text=13 pending.");
    await item("function number 21").locator("summary").click();
    await item("function number 21").getByText("CREATE FUNCTION f21()").waitFor();
    await page.click("button:has-text('Show 3 older')");
    await item("function number 10").waitFor();
    await page.click("button:has-text('Run 12 revisions')");
    await page.click("dialog[open] button:has-text('Run')");
    await page.waitForSelector("text=12 applied, 1 pending.");
    revision("20261121101500_function_number_21.sql", "SELECT 'not what ran';");
    await page.click("button:has-text('Check again')");
    await item("function number 21").getByText("changed after it had run").waitFor();
  });

  it("marks when a pool was exhausted", async () => {
    const site = await start(["--no-watch"], { DAZZLE_DB_POOL_MAX: "2" });
    const page = await open(site);
    const all = Array.from({ length: 8 }, () => fetch(`${site.app}/hold`));
    await site.running.waitFor("pool.exhausted");
    await page.waitForSelector(".chart .tag:has-text('exhausted')");
    await page.waitForSelector(".figure.bad:has-text('Wait p99')");
    await Promise.all(all);
  });

  it("shows every setting with its origin and no password", async () => {
    const page = await open(await start(), "configuration");
    await page.waitForSelector("tr:has-text('database.url'):has-text('env DATABASE_URL')");
    expect(await page.content()).not.toContain(new URL(database.url).password);
  });

  it("shows what is logged as text, whatever it holds", async () => {
    const site = await start();
    const page = await open(site, "log");
    await fetch(`${site.app}/markup`);
    await page.waitForSelector("li:has-text('<img src=x')");
    expect(await page.locator("#panel-log img").count()).toBe(0);
    expect(await page.title()).not.toContain("hacked");
  });

  it("shows a syntax error until it is repaired", async () => {
    const site = await start([]);
    const page = await open(site);
    await site.running.waitForMessage("watching");
    writeFileSync(join(site.folder, "app.mjs"), "export default () => {\n  const a = ;\n};\n");
    await page.waitForSelector(".problem:has-text('app.mjs:2')");
    expect(await page.textContent(".problem pre")).toContain("const a = ;");
    writeFileSync(join(site.folder, "app.mjs"), APP);
    await page.waitForSelector(".problem", { state: "hidden" });
  });

  it("says when the supervisor is gone, and goes on with the next one", async () => {
    const site = await start();
    const page = await open(site, "overview", {}, /ERR_CONNECTION_REFUSED|401|INCOMPLETE_CHUNKED/);
    await site.running.end("SIGKILL");
    await page.waitForSelector(".pill.lost");
    const next = await site.again();
    await page.waitForSelector(".pill.running");
    await page.waitForSelector(`.facts:has-text("pid ${next.pid}")`);
    await page.keyboard.press("r");
    await page.waitForSelector("text=Generation 2 serves.");
  });

  it("shows each log line once, also those of a supervisor that was started anew", async () => {
    const site = await start();
    const page = await open(site, "log", {}, /ERR_CONNECTION_REFUSED|401|INCOMPLETE_CHUNKED/);
    const said = page.locator("#panel-log li", { hasText: "<img src=x" });
    for (let at = 1; at <= 3; at += 1) await fetch(`${site.app}/markup`);
    await expect.poll(() => said.count(), { timeout: 30_000 }).toBe(3);
    await site.running.end("SIGKILL");
    await page.waitForSelector(".pill.lost");
    await page.keyboard.press("r");
    await page.waitForSelector(".toast:has-text('The supervisor does not answer.')");
    await site.again();
    await page.waitForSelector(".pill.running");
    await fetch(`${site.app}/markup`);
    await expect.poll(() => said.count(), { timeout: 30_000 }).toBe(4);
    await fetch(`${site.app}/markup`);
    await expect.poll(() => said.count(), { timeout: 30_000 }).toBe(5);
    expect(await page.locator("#panel-log li", { hasText: "supervisor.ready" }).count()).toBe(2);
  });

  it("asks for the token where it has none, and shows nothing else until then", async () => {
    const site = await start();
    const page = await openPage(browser, {}, /401/);
    await page.route("**/dazzle/dev/session", (route) => route.fulfill({ status: 401, json: {} }));
    await page.goto(`${site.control}/dazzle/dev/#migrations`);
    await page.waitForSelector("form.token");
    for (const other of ["main", "text=Reload", "#tab-log"]) {
      expect(await page.isVisible(other)).toBe(false);
    }
    // No click is needed, and no letter of it is taken for a key of the page.
    await page.keyboard.type("r4-+");
    expect(await page.inputValue("input[name=token]")).toBe("r4-+");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=This token is not the supervisor's.");
  });

  it("says of an application without a pool that it has none", async () => {
    const site = await start(["--no-watch", "script.mjs"], {});
    const page = await open(site);
    await page.waitForSelector(
      ".figure:has-text('Wait p99'):has-text('no pool has been used yet')",
    );
  });

  it("fits a phone, and is dark where that is wanted", async () => {
    const site = await start();
    const page = await open(site, "overview", {
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
    });
    await page.waitForSelector(".uplot");
    for (const tab of ["overview", "migrations", "configuration", "log"]) {
      await page.click(`#tab-${tab}`);
      const wider = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([tab, wider]).toEqual([tab, 0]);
    }
    const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(back).toBe("rgb(17, 22, 20)");
  });
});

/** What axe-core finds on the page, a line each. */
async function complaintsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))`);
}

describe.skipIf(CHROMIUM === null)(`for everyone, the development page${REASON}`, () => {
  it.each(["light", "dark"] as const)(
    "is accessible in every view when it is %s",
    async (scheme) => {
      const page = await open(await start(), "overview", { colorScheme: scheme });
      await page.waitForSelector(".uplot");
      for (const tab of ["overview", "migrations", "configuration", "log"]) {
        await page.click(`#tab-${tab}`);
        await page.waitForSelector(`#panel-${tab} :is(.figure, .change, .empty, tr, li)`);
        expect([tab, await complaintsOf(page)]).toEqual([tab, []]);
      }
    },
  );

  it("shows where the keyboard is", async () => {
    const page = await open(await start());
    for (let presses = 0; presses < 6; presses += 1) {
      await page.keyboard.press("Tab");
      const outline = await page.evaluate(() => {
        const active = document.activeElement;
        return active === null ? "" : getComputedStyle(active).outlineStyle;
      });
      expect(outline).toBe("solid");
    }
  });

  it("forgets a wait that is over after ten seconds", async () => {
    const site = await start(["--no-watch"], { DAZZLE_DB_POOL_MAX: "2" });
    const page = await open(site);
    await Promise.all(Array.from({ length: 6 }, () => fetch(`${site.app}/hold`)));
    const wait = page.locator(".figure", { hasText: "Wait p99" }).locator(".value");
    await expect.poll(() => wait.textContent(), { timeout: 30_000 }).toMatch(/[1-9].* s/);
    await expect.poll(() => wait.textContent(), { timeout: 60_000 }).toBe("0 ms");
  });
});

/** A site of its own on this machine; resolves to its port. */
async function otherSite(): Promise<number> {
  const other = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><body>");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const address = other.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What a page gets of another site without `fetch`: each that loads or opens is named. */
async function elementsThatLoad(
  page: Page,
  base: string,
  paths: readonly string[],
): Promise<string[]> {
  return page.evaluate(
    async ({ base, paths }) => {
      const got: string[] = [];
      const settled = (name: string, start: (yes: () => void, no: () => void) => void) =>
        new Promise<void>((resolve) => {
          start(
            () => {
              got.push(name);
              resolve();
            },
            () => resolve(),
          );
        });
      for (const path of paths) {
        const element = (tag: "img" | "script") => (yes: () => void, no: () => void) => {
          const one = document.createElement(tag);
          one.onload = yes;
          one.onerror = no;
          one.src = base + path;
          document.body.append(one);
        };
        await settled(`img ${path}`, element("img"));
        await settled(`script ${path}`, element("script"));
        await settled(`events ${path}`, (yes, no) => {
          const stream = new EventSource(base + path);
          stream.onopen = yes;
          stream.onerror = () => {
            stream.close();
            no();
          };
        });
        await settled(`socket ${path}`, (yes, no) => {
          const socket = new WebSocket(base.replace("http", "ws") + path);
          socket.onopen = yes;
          socket.onerror = no;
        });
        await settled(`form ${path}`, (_yes, no) => {
          const frame = document.createElement("iframe");
          frame.name = `answer to ${path}`;
          document.body.append(frame);
          frame.onload = no;
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: base + path, target: frame.name });
          document.body.append(form);
          form.submit();
        });
      }
      return got;
    },
    { base, paths },
  );
}

describe.skipIf(CHROMIUM === null)(`a page of another site${REASON}`, () => {
  it.each(["127.0.0.1", "localhost"])(
    "on %s gets nothing by elements, streams, sockets and forms, nor does anything by them",
    async (name) => {
      const site = await start();
      const port = await otherSite();
      await fetch(`${site.app}/__test__/reset`, { method: "POST" });
      const row = { id: "n", table: "note", data: { id: 1 } };
      const body = JSON.stringify({ fixtures: [row] });
      await fetch(`${site.app}/__test__/seed`, { method: "POST", body });
      const page = await openPage(browser, {}, /./);
      await page.goto(`http://${name}:${port}/`);
      const control = ["/status", "/metrics", "/stop", "/dazzle/dev/"].concat(
        ["session", "events", "plan", "reload", "migrate"].map((path) => `/dazzle/dev/${path}`),
      );
      expect(await elementsThatLoad(page, site.control, control)).toEqual([]);
      const tests = ["/__test__/snapshot", "/__test__/table/note", "/__test__/reset"];
      expect(await elementsThatLoad(page, site.app, tests)).toEqual([]);
      const left: unknown = await (await fetch(`${site.app}/__test__/table/note`)).json();
      expect(left).toMatchObject([{ id: 1 }]);
      const status: unknown = await (await fetch(`${site.control}/status`)).json();
      expect(status).toMatchObject({ generation: 1, state: "running" });
    },
  );

  it("can't become this one by leading its own name here", async () => {
    const site = await start();
    const rebound = await openBrowser(["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    onTestFinished(() => rebound.close());
    const page = await openPage(rebound, {}, /./);
    const answers = async (base: string, paths: readonly string[]): Promise<number[]> => {
      await page.goto(base.replace("127.0.0.1", "evil.example") + "/", { waitUntil: "commit" });
      return page.evaluate(
        (asked) =>
          Promise.all(
            asked.map(async (path) => {
              const method = /reset|reload|migrate|stop/.test(path) ? "POST" : "GET";
              return (await fetch(path, { method, headers: { "x-dazzle-page": "1" } })).status;
            }),
          ),
        paths,
      );
    };
    const control = ["/status", "/metrics", "/stop", "/dazzle/dev/session", "/dazzle/dev/reload"];
    expect(await answers(site.control, control)).toEqual(control.map(() => 403));
    const tests = ["/__test__/snapshot", "/__test__/reset"];
    expect(await answers(site.app, tests)).toEqual(tests.map(() => 403));
  });

  it("can neither read nor act", async () => {
    const site = await start();
    const port = await otherSite();
    const page = await openPage(browser, {}, /./);
    await page.goto(`http://localhost:${port}/`);
    const outcomes = await page.evaluate(async (base) => {
      const attempt = async (path: string, init: RequestInit) => {
        try {
          const response = await fetch(base + path, init);
          return `${path} ${response.type} ${await response.text()}`;
        } catch {
          return "blocked";
        }
      };
      const post = { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" };
      return Promise.all([
        attempt("/dazzle/dev/session", { headers: { "x-dazzle-page": "1" } }),
        attempt("/dazzle/dev/config", {}),
        attempt("/status", {}),
        attempt("/dazzle/dev/reload", post),
        attempt("/reload", { ...post, mode: "no-cors" }),
        attempt("/dazzle/dev/reload", { ...post, mode: "no-cors" }),
        attempt("/dazzle/dev/scale", { ...post, mode: "no-cors", body: '{"workers":5}' }),
      ]);
    }, site.control);
    // An opaque answer tells nothing: its text is empty.
    expect(outcomes.filter((text) => text !== "blocked" && !/opaque $/.test(text))).toEqual([]);
    const framed = await page.evaluate(
      (base) =>
        new Promise<boolean>((resolve) => {
          const frame = document.createElement("iframe");
          frame.src = `${base}/dazzle/dev/`;
          frame.onload = () => resolve(frame.contentDocument !== null);
          document.body.append(frame);
        }),
      site.control,
    );
    expect(framed).toBe(false);
    expect(site.running.events()).not.toContain("reload.started");
    const status: unknown = await (await fetch(`${site.control}/status`)).json();
    expect(status).toMatchObject({ generation: 1, workers: [{ id: 1 }] });
  });
});
