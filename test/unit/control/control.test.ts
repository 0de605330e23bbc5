import { mkdtempSync, rmSync, statSync, writeFileSync, mkdirSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import {
  fetchStatus,
  findSupervisors,
  requestReload,
  requestScale,
  theSupervisor,
} from "../../../src/control/client.js";
import type { ControlTarget, Status } from "../../../src/control/protocol.js";
import { startControl, type ControlServer } from "../../../src/control/server.js";
import { createLogger } from "../../../src/log/sink.js";

const pool = {
  min: 2,
  max: 10,
  total: 2,
  idle: 2,
  waiting: 0,
  checkouts: 0,
  timeouts: 0,
  wait_ms: { p50: 0, p95: 0, p99: 0, max: 0 },
};
const status: Status = {
  pid: process.pid,
  version: "0.1.0",
  env: "development",
  state: "running",
  started_at: "",
  uptime_s: 1,
  url: null,
  generation: 1,
  workers: [],
  pool,
  budget: null,
  migrations: null,
  warnings: [],
};

let root: string;
let ready: boolean;
const commands: unknown[] = [];
const servers: ControlServer[] = [];

const target: ControlTarget = {
  status: () => status,
  readiness: () => ({ ready, reason: ready ? "ready" : "draining" }),
  metrics: () => "# EOF\n",
  reload: (options) => {
    commands.push(["reload", options]);
    return Promise.resolve({ outcome: "done", reason: null, generation: 2, duration_ms: 5 });
  },
  scale: (to) => {
    commands.push(["scale", to]);
    return Promise.resolve({ from: 1, to });
  },
  stop: () => commands.push("stop"),
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "control-"));
  ready = true;
  commands.length = 0;
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(root, { recursive: true });
});

async function start(environment: string, token?: string): Promise<ControlServer> {
  const { config } = await loadConfig({ cwd: root, env: {}, flags: { env: environment } });
  const server = await startControl({
    config: {
      ...config,
      control: { ...config.control, port: await freePort(), token: token ?? null },
    },
    target,
    log: createLogger({ format: "json", level: "fatal" }),
  });
  servers.push(server);
  return server;
}

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function ask(port: number, method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: string; type: string }>((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", method, path, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body,
          type: response.headers["content-type"] ?? "",
        }),
      );
    });
    outgoing.once("error", reject).end();
  });
}

describe("the unix socket", () => {
  it("is closed to other users, and its folder too", async () => {
    const { socketPath } = await start("production");
    expect(statSync(socketPath ?? "").mode & 0o777).toBe(0o600);
    expect(statSync(join(root, ".dazzle", "run")).mode & 0o777).toBe(0o700);
  });

  it("answers status and carries out commands", async () => {
    await start("production");
    const supervisor = await theSupervisor(root);
    expect(await fetchStatus(supervisor)).toEqual(status);
    expect(await requestReload(supervisor, { parallel: 2 })).toMatchObject({ outcome: "done" });
    expect(await requestScale(supervisor, 3)).toEqual({ from: 1, to: 3 });
    expect(commands).toEqual([
      ["reload", { parallel: 2 }],
      ["scale", 3],
    ]);
  });

  it("is found in a project folder too deep for a socket path", async () => {
    const shallow = root;
    root = join(root, "d".repeat(120));
    mkdirSync(root);
    const { socketPath } = await start("production");
    expect(socketPath).not.toContain("ddd");
    expect(await findSupervisors(root)).toHaveLength(1);
    for (const server of servers.splice(0)) server.close();
    root = shallow;
  });

  it("of a supervisor that was killed does not count, and is removed by the next", async () => {
    mkdirSync(join(root, ".dazzle", "run"), { recursive: true });
    writeFileSync(join(root, ".dazzle", "run", "supervisor-4194304.sock"), "");
    await expect(theSupervisor(root)).rejects.toMatchObject({
      code: "NOT_RUNNING",
      exitStatus: 66,
    });
    await start("production");
    expect(readdirSync(join(root, ".dazzle", "run"))).toEqual([`supervisor-${process.pid}.sock`]);
  });
});

describe("the TCP port", () => {
  it("says alive, ready or not, metrics and status", async () => {
    const { port } = await start("production");
    expect(await ask(port ?? 0, "GET", "/livez")).toMatchObject({ status: 200 });
    expect(await ask(port ?? 0, "GET", "/readyz")).toMatchObject({ status: 200 });
    expect(await ask(port ?? 0, "GET", "/metrics")).toMatchObject({ status: 200, body: "# EOF\n" });
    expect(JSON.parse((await ask(port ?? 0, "GET", "/status")).body)).toEqual(status);
    ready = false;
    expect(await ask(port ?? 0, "GET", "/readyz")).toMatchObject({
      status: 503,
      body: "draining\n",
    });
    expect(await ask(port ?? 0, "GET", "/nothing")).toMatchObject({ status: 404 });
  });

  it.each(["staging", "production"])(
    "knows no commands in %s, whatever the token",
    async (environment) => {
      const { port } = await start(environment, "s3cret");
      const authorization = "Bearer s3cret";
      for (const path of ["/stop", "/reload", "/scale"]) {
        expect(await ask(port ?? 0, "POST", path, { authorization })).toMatchObject({
          status: 404,
        });
      }
      expect(commands).toEqual([]);
    },
  );

  it.each([
    ["no token", {}, 401],
    ["a wrong token", { authorization: "Bearer guess" }, 401],
    [
      "a page of another site",
      { authorization: "Bearer s3cret", origin: "http://evil.example" },
      403,
    ],
    ["an opaque origin", { authorization: "Bearer s3cret", origin: "null" }, 403],
    ["a rebound host name", { authorization: "Bearer s3cret", host: "evil.example" }, 403],
  ])("refuses a command with %s in development", async (_, headers, expected) => {
    const { port } = await start("development", "s3cret");
    expect(await ask(port ?? 0, "POST", "/reload", headers)).toMatchObject({ status: expected });
    expect(commands).toEqual([]);
  });

  it("takes a command with the token from the page itself in development", async () => {
    const { port } = await start("development", "s3cret");
    const headers = { authorization: "Bearer s3cret", origin: `http://127.0.0.1:${port}` };
    expect(await ask(port ?? 0, "POST", "/reload", headers)).toMatchObject({ status: 200 });
    expect(commands).toEqual([["reload", {}]]);
  });

  it("that another process has is refused with what to do", async () => {
    const first = await start("production");
    const { config } = await loadConfig({ cwd: root, env: {}, flags: {} });
    const again = startControl({
      config: { ...config, control: { ...config.control, port: first.port ?? 0 } },
      target,
      log: createLogger({ format: "json", level: "fatal" }),
    });
    await expect(again).rejects.toMatchObject({ code: "LISTEN_REFUSED", exitStatus: 78 });
  });
});
