import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ask, countBy, keep, load, startGroup, type Group } from "../support/distribution.js";
import { freePort } from "../support/supervisor.js";

async function workers(group: Group, count: number, env: Readonly<Record<string, string>> = {}) {
  const first = await group.fork("http", { APP: "http", ...env });
  const pids = [first.pid];
  while (pids.length < count) pids.push((await group.fork("http", { APP: "http", ...env })).pid);
  return { pids, port: first.port };
}

const hasReusePort = Number(process.versions.node.split(".")[0]) >= 24;

const local = (port: number) => ({ port, host: "127.0.0.1" });

/** The largest share of the connections divided by the smallest. */
function unevenness(pids: readonly number[], reached: readonly number[]): number {
  const counts = countBy(reached);
  const shares = pids.map((pid) => counts.get(pid) ?? 0);
  return Math.max(...shares) / Math.min(...shares);
}

describe("how connections reach workers", () => {
  it("spreads 200 kept-alive connections that are opened at once", async () => {
    const { pids, port } = await workers(startGroup(), 4);
    const opened = await Promise.all(Array.from({ length: 200 }, () => keep(port)));
    expect(
      unevenness(
        pids,
        opened.map(({ pid }) => pid),
      ),
    ).toBeLessThanOrEqual(1.5);
  });

  it("spreads connections that are opened one after the other, from the first on", async () => {
    const { pids, port } = await workers(startGroup(), 4);
    const reached: number[] = [];
    while (reached.length < 40) reached.push((await keep(port)).pid);
    expect(new Set(reached.slice(0, 8)).size).toBe(4);
    expect(unevenness(pids, reached)).toBeLessThanOrEqual(1.5);
  });

  it("fills up a worker that comes later", async () => {
    const group = startGroup();
    const { port } = await workers(group, 2);
    for (let count = 0; count < 20; count += 1) await keep(port);
    const late = await group.fork("http", { APP: "http" });
    const reached: number[] = [];
    while (reached.length < 8) reached.push((await keep(port)).pid);
    expect(countBy(reached).get(late.pid)).toBeGreaterThanOrEqual(6);
  });

  it("leaves no client without an answer or a reset when workers are killed under load", async () => {
    const group = startGroup();
    const { pids, port } = await workers(group, 4);
    const running = load(port, 32, "/busy/5");
    for (let kill = 0; kill < 20; kill += 1) {
      await running.more(60);
      process.kill(pids.shift() ?? 0, "SIGKILL");
      pids.push((await group.fork("http", { APP: "http" })).pid);
    }
    const counts = countBy((await running.stop()).map(({ outcome }) => outcome));
    expect(counts.get("stranded")).toBeUndefined();
    expect(counts.get("refused")).toBeUndefined();
    // Nobody but those whose connection a killed worker held: its share of 32, and a little more.
    expect(counts.get("reset") ?? 0).toBeLessThanOrEqual(20 * 16);
  });

  it("gives a stopped worker nothing: others answer every connection that it had not taken", async () => {
    const { pids, port } = await workers(startGroup(), 4);
    const [stopped = 0] = pids;
    process.kill(stopped, "SIGSTOP");
    const outcomes = await Promise.all(Array.from({ length: 60 }, () => ask(local(port))));
    expect(outcomes.every(({ outcome }) => outcome === "answered")).toBe(true);
    expect(outcomes.some(({ body }) => body === String(stopped))).toBe(false);
    process.kill(stopped, "SIGKILL");
  });

  it("does not let the others wait for a stopped worker to take its share", async () => {
    const { pids, port } = await workers(startGroup(), 2);
    for (let count = 0; count < 4; count += 1) await keep(port);
    process.kill(pids[0] ?? 0, "SIGSTOP");
    const opened = await Promise.all(Array.from({ length: 50 }, () => keep(port)));
    expect(opened.every(({ pid }) => pid === pids[1])).toBe(true);
    process.kill(pids[0] ?? 0, "SIGKILL");
  });

  it("serves while the primary is stuck", async () => {
    const group = startGroup();
    const { port } = await workers(group, 2);
    group.do({ do: "block", ms: 1_500 });
    await group.heard(({ type }) => type === "blocked");
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => ask(local(port))));
    expect(outcomes.every(({ outcome }) => outcome === "answered")).toBe(true);
  });

  it("refuses nobody while the only worker is replaced", async () => {
    const group = startGroup();
    const { pids, port } = await workers(group, 1);
    process.kill(pids[0] ?? 0, "SIGKILL");
    await group.heard(({ type }) => type === "exit");
    group.do({ do: "settle" });
    await group.heard(({ type }) => type === "settled");
    const waiting = Promise.all(Array.from({ length: 10 }, () => ask(local(port))));
    const next = await group.fork("http", { APP: "http" });
    expect((await waiting).map(({ body }) => body)).toEqual(
      Array.from({ length: 10 }, () => String(next.pid)),
    );
  });

  it("is taken over from the workers before without asking: a stuck primary holds no replacement up", async () => {
    const folder = mkdtempSync(join(tmpdir(), "supervise-stuck-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const until = join(folder, "go-on");
    onTestFinished(() => writeFileSync(until, ""));
    const group = startGroup();
    const { pids, port } = await workers(group, 1);
    process.kill(pids[0] ?? 0, "SIGKILL");
    await group.heard(({ type }) => type === "exit");
    group.do({ do: "fork", env: { APP: "http" }, until });
    await group.heard(({ type }) => type === "stuck");
    const { body } = await ask(local(port));
    expect(group.said.filter(({ type }) => type === "listening")).toHaveLength(1);
    writeFileSync(until, "");
    const next = await group.heard(({ type, from }) => type === "listening" && from !== pids[0]);
    expect(body).toBe(String(next.from));
  });

  it("keeps who is connecting to what a worker was offered and has no use for", async () => {
    const group = startGroup();
    const { pids, port } = await workers(group, 1);
    process.kill(pids[0] ?? 0, "SIGKILL");
    await group.heard(({ type }) => type === "exit");
    const waiting = ask(local(port));
    const other = await group.fork("http", { APP: "http", PORT: String(await freePort()) });
    const next = await group.fork("http", { APP: "http" });
    expect(await waiting).toMatchObject({ outcome: "answered", body: String(next.pid) });
    expect((await ask(local(other.port))).body).toBe(String(other.pid));
  });

  it("forgets workers that are killed before they have taken what they were offered", async () => {
    const group = startGroup();
    await workers(group, 1);
    const known = new Set(group.said);
    group.do({ do: "fork", env: { APP: "http" }, kill: true });
    await group.heard(({ type }) => type === "exit");
    const count = async (): Promise<number> => {
      group.do({ do: "count" });
      const said = await group.heard((one) => one.type === "count" && !known.has(one));
      known.add(said);
      return said.workers ?? 0;
    };
    while ((await count()) > 1);
    expect(await count()).toBe(1);
  });

  it("loses no connection-per-request while workers are replaced one by one", async () => {
    const group = startGroup();
    const { pids, port } = await workers(group, 2);
    const running = load(port, 32, "/busy/5");
    for (let turn = 0; turn < 10; turn += 1) {
      await running.more(50);
      pids.push((await group.fork("http", { APP: "http" })).pid);
      const old = pids.shift();
      group.do({ do: "tell", pid: old, message: "close" });
      await group.heard(({ type, from }) => type === "exit" && from === old);
    }
    const outcomes = await running.stop();
    expect(countBy(outcomes.map(({ outcome }) => outcome))).toEqual(
      new Map([["answered", outcomes.length]]),
    );
  });

  it("steps out of accepting at maxConnections instead of dropping the client", async () => {
    const { pids, port } = await workers(startGroup(), 2, { MAX: "2" });
    const opened = await Promise.all(Array.from({ length: 4 }, () => keep(port)));
    expect(
      unevenness(
        pids,
        opened.map(({ pid }) => pid),
      ),
    ).toBe(1);
    const fifth = ask(local(port));
    opened[0]?.socket.destroy();
    expect(await fifth).toMatchObject({ outcome: "answered", body: String(opened[0]?.pid) });
  });

  it("closes a listener that no release uses any more, and keeps the others", async () => {
    const group = startGroup();
    const old = await group.fork("http", { APP: "http" });
    const next = await group.fork("http", { APP: "http", PORT: String(await freePort()) });
    expect(await ask(local(old.port))).toMatchObject({ body: String(old.pid) });
    process.kill(old.pid, "SIGKILL");
    await group.heard(({ type, from }) => type === "exit" && from === old.pid);
    group.do({ do: "settle" });
    await group.heard(({ type }) => type === "settled");
    expect((await ask(local(old.port))).outcome).toBe("refused");
    expect(await ask(local(next.port))).toMatchObject({ body: String(next.pid) });
  });

  it.each(["auto", "shared", "round-robin", ...(hasReusePort ? ["reuseport"] : [])])(
    "serves under %s",
    async (setting) => {
      const { pids, port } = await workers(startGroup(setting), 2);
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask(local(port))));
      expect(outcomes.every(({ body }) => pids.includes(Number(body)))).toBe(true);
    },
  );
});

describe("scripts listen unchanged", () => {
  it("node:net", async () => {
    const { pid, port } = await startGroup().fork("net", { APP: "net" });
    const socket = connect(port, "127.0.0.1").setEncoding("utf8");
    expect(await new Promise((resolve) => socket.once("data", resolve))).toBe(String(pid));
  });

  it("https, with one set of session ticket keys for all workers", async () => {
    const group = startGroup();
    const { port } = await group.fork("https", { APP: "https" });
    await group.fork("https", { APP: "https" });
    const keys = group.said.filter(({ name }) => name === "https").map((said) => said.keys);
    expect(new Set(keys).size).toBe(1);
    const agent = new Agent({ keepAlive: false });
    const status = await new Promise((resolve, reject) => {
      httpsRequest({ port, agent, rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it("http2", async () => {
    const { pid, port } = await startGroup().fork("http2", { APP: "http2" });
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    const stream = session.request().setEncoding("utf8");
    expect(await new Promise((resolve) => stream.once("data", resolve))).toBe(String(pid));
    await new Promise<void>((resolve) => session.close(resolve));
  });

  it("Fastify", async () => {
    const { pid, port } = await startGroup().fork("fastify", { APP: "fastify" });
    expect(await ask(local(port))).toMatchObject({ body: String(pid) });
  });

  it("several servers: two ports of their own choice, a socket, exclusive, a descriptor, UDP", async () => {
    const folder = mkdtempSync(join(tmpdir(), "supervise-sock-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const SOCKET = join(folder, "app.sock");
    const inherited = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => inherited.once("listening", resolve));
    const handle: unknown = Reflect.get(inherited, "_handle");
    const descriptor: unknown = Reflect.get(Object(handle), "fd");
    const group = startGroup("auto", Number(descriptor));
    await new Promise((resolve) => group.child.once("spawn", resolve));
    inherited.close();
    for (const worker of [1, 2]) {
      group.do({ do: "fork", env: { APP: "many", SOCKET } });
      await group.heard(
        () => group.said.filter(({ type }) => type === "listening").length === worker * 6,
      );
    }
    const ports = (name: string) =>
      group.said
        .filter((said) => said.name === name)
        .map(({ address }) => (typeof address === "object" ? address.port : address));
    const [first, second] = [ports("first"), ports("second")];
    expect(first[0]).toBe(first[1]);
    expect(second[0]).toBe(second[1]);
    expect(first[0]).not.toBe(second[0]);
    expect(new Set(ports("exclusive")).size).toBe(2);
    expect(ports("unix")).toEqual([SOCKET, SOCKET]);
    expect(new Set(ports("udp")).size).toBe(1);
    for (const port of [...first, ...second, ...ports("exclusive"), ...ports("descriptor")]) {
      expect((await ask(local(Number(port)))).outcome).toBe("answered");
    }
    expect((await ask({ path: SOCKET })).outcome).toBe("answered");
  });

  it("the server is told of an address in use, as it would be alone", async () => {
    const group = startGroup();
    const taken = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const PORT = typeof address === "object" ? String(address?.port) : "";
    group.do({ do: "fork", env: { APP: "http", PORT } });
    const error = await group.heard(({ type }) => type === "error");
    expect(error.code).toBe("EADDRINUSE");
    expect(error.syscall).toMatch(/bind|listen/);
  });

  it("a server that closes and listens again", async () => {
    const group = startGroup();
    const { pids, port } = await workers(group, 1);
    const again = group.heard((said) => said.type === "listening" && group.said.indexOf(said) > 0);
    group.do({ do: "tell", pid: pids[0], message: "reopen" });
    const { address } = await again;
    const next = typeof address === "object" ? address.port : 0;
    expect(next).not.toBe(port);
    expect(await ask(local(next))).toMatchObject({ body: String(pids[0]) });
  });
});
