import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function start(environment: string, args: readonly string[] = []): Promise<number> {
  const controlPort = await freePort();
  const running = launch({
    cwd: project({ "app.mjs": "export default () => (_, response) => response.end();\n" }),
    args: ["--no-watch", "--log-format", "json", "--control-port", String(controlPort), ...args],
    env: {
      DATABASE_URL: database.url,
      PORT: String(await freePort()),
      HOST: "127.0.0.1",
      WEB_CONCURRENCY: "1",
      DAZZLE_ENV: environment,
    },
  });
  await running.waitFor("supervisor.ready");
  return controlPort;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly policy: string;
}

function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body,
          policy: String(response.headers["content-security-policy"] ?? ""),
        }),
      );
    });
    outgoing.once("error", reject).end();
  });
}

const tokenFrom = (body: string): string => /"token":"([^"]+)"/.exec(body)?.[1] ?? "";

describe("the development page in development", () => {
  it("is served with a strict policy, every file that it names included", async () => {
    const port = await start("development");
    const page = await ask(port, "/dazzle/dev/");
    expect(page.status).toBe(200);
    expect(page.policy).toContain("default-src 'none'");
    expect(page.policy).not.toContain("unsafe");
    for (const [, file] of page.body.matchAll(/(?:href|src)="([^"]+)"/g)) {
      expect(await ask(port, `/dazzle/dev/${file}`)).toMatchObject({ status: 200 });
    }
    expect(await ask(port, "/dazzle/dev")).toMatchObject({ status: 308 });
    expect(await ask(port, "/dazzle/dev/assets/../../../package.json")).toMatchObject({
      status: 404,
    });
  });

  it("wants the token, the page's own origin and its own host for each command", async () => {
    const port = await start("development");
    const origin = `http://127.0.0.1:${port}`;
    const token = tokenFrom(
      (await ask(port, "/dazzle/dev/session", { "x-dazzle-page": "1" })).body,
    );
    const authorization = `Bearer ${token}`;
    for (const path of ["/reload", "/scale", "/restart", "/migrate"]) {
      const command = (headers: Readonly<Record<string, string>>) =>
        ask(port, `/dazzle/dev${path}`, headers, "POST");
      expect(await command({ origin })).toMatchObject({ status: 401 });
      expect(await command({ origin, authorization: "Bearer guess" })).toMatchObject({
        status: 401,
      });
      expect(await command({ authorization })).toMatchObject({ status: 403 });
      expect(await command({ authorization, origin: "http://evil.example" })).toMatchObject({
        status: 403,
      });
      expect(await command({ authorization, origin: "null" })).toMatchObject({ status: 403 });
      const rebound = { authorization, host: "evil.example", origin: "http://evil.example" };
      expect(await command(rebound)).toMatchObject({ status: 403 });
    }
    // Reading never acts, and a cookie is no token.
    for (const path of ["/reload", "/scale", "/restart", "/migrate"]) {
      const url = `/dazzle/dev${path}`;
      expect(await ask(port, url, { authorization, origin })).toMatchObject({ status: 404 });
      const cookie = `token=${token}; authorization=${token}`;
      expect(await ask(port, url, { cookie, origin }, "POST")).toMatchObject({ status: 401 });
    }
    expect((await ask(port, "/status")).body).toMatch(/"generation":\s*1,/);
    const reload = await ask(port, "/dazzle/dev/reload", { authorization, origin }, "POST");
    expect(reload).toMatchObject({ status: 200 });
  });

  it("gives its token and data to no other site and no other name", async () => {
    const port = await start("development");
    const page = { "x-dazzle-page": "1" };
    expect(await ask(port, "/dazzle/dev/session")).toMatchObject({ status: 401 });
    expect(await ask(port, "/dazzle/dev/session", { ...page, host: "evil.example" })).toMatchObject(
      {
        status: 403,
      },
    );
    expect(
      await ask(port, "/dazzle/dev/session", { ...page, "sec-fetch-site": "cross-site" }),
    ).toMatchObject({ status: 403 });
    for (const path of ["/dazzle/dev/events", "/dazzle/dev/config", "/dazzle/dev/plan"]) {
      expect(await ask(port, path)).toMatchObject({ status: 401 });
    }
    const foreign = { ...page, origin: "http://evil.example" };
    expect(await ask(port, "/dazzle/dev/session", foreign)).toMatchObject({ status: 403 });
    expect(await ask(port, "/status", { host: "evil.example" })).toMatchObject({ status: 403 });
    expect(await ask(port, "/metrics", { host: "evil.example" })).toMatchObject({ status: 403 });
    expect(await ask(port, "//", {})).toMatchObject({ status: 404 });
  });
});

describe("the token of the control port", () => {
  it("is in no worker's environment", async () => {
    const running = launch({
      cwd: project({
        "app.mjs":
          "export default () => (_, response) => response.end(JSON.stringify(process.env));\n",
        ".env": "DAZZLE_CONTROL_TOKEN=written\nOTHER=kept\n",
      }),
      args: ["--no-watch", "--log-format", "json"],
      env: { DATABASE_URL: database.url, PORT: "0", DAZZLE_CONTROL_TOKEN: "given" },
    });
    const { url } = await running.waitFor("supervisor.ready");
    const env = await (await fetch(String(url))).text();
    expect(env).toContain('"OTHER":"kept"');
    expect(env).not.toContain("DAZZLE_CONTROL_TOKEN");
  });
});

describe("the development page elsewhere", () => {
  it.each(["staging", "production"])("does not exist in %s", async (environment) => {
    const port = await start(environment);
    for (const path of [
      "/dazzle/dev",
      "/dazzle/dev/",
      "/dazzle/dev/session",
      "/dazzle/dev/assets/main.js",
    ]) {
      expect(await ask(port, path, { "x-dazzle-page": "1" })).toMatchObject({ status: 404 });
    }
    const origin = `http://127.0.0.1:${port}`;
    expect(await ask(port, "/dazzle/dev/reload", { origin }, "POST")).toMatchObject({
      status: 404,
    });
  });
});
