import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startGroup, type Group } from "../support/distribution.js";

interface Client {
  readonly socket: Socket;
  /** All that came until the server ended the connection. */
  readonly ended: Promise<string>;
  /** The body of the next answer; what came instead when there is none. */
  readonly ask: () => Promise<string>;
}

/** A client that is connected and says nothing yet. */
async function silent(to: NetConnectOpts): Promise<Client> {
  const socket = connect(to);
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => (text += String(chunk)));
  const ended = new Promise<string>((resolve) => {
    socket.on("error", (error) => resolve(error.message));
    socket.on("end", () => resolve(text));
  });
  await new Promise((resolve) => socket.once("connect", resolve));
  return {
    socket,
    ended,
    ask: () => {
      const answer = new Promise<string>((resolve) => {
        socket.on("data", () => {
          const [, body = ""] = text.split("\r\n\r\n");
          if (body !== "") resolve(body);
        });
      });
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      return Promise.race([answer, ended]);
    },
  };
}

const local = (port: number): NetConnectOpts => ({ port, host: "127.0.0.1" });

/** Descriptors that the primary has open. */
const openIn = (group: Group): number => readdirSync(`/proc/${group.child.pid}/fd`).length;

/** Waits until the primary has this many descriptors more than at first. */
const untilHeld = (group: Group, before: number, count: number): Promise<unknown> =>
  vi.waitUntil(() => openIn(group) - before === count, { timeout: 20_000, interval: 10 });

async function httpWorkers(
  group: Group,
  count: number,
  env: Readonly<Record<string, string>> = {},
) {
  const workers = [];
  for (let made = 0; made < count; made += 1) {
    workers.push(await group.fork("http", { APP: "http", ...env }));
  }
  return { pids: workers.map(({ pid }) => pid), port: workers[0]?.port ?? 0 };
}

async function kill(group: Group, pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await group.heard(({ type, from }) => type === "exit" && from === pid);
}

describe.skipIf(process.platform !== "linux")("a connection whose client is silent", () => {
  it("is answered by another worker after a kill -9, even if two die at once", async () => {
    const group = startGroup();
    const { pids, port } = await httpWorkers(group, 3);
    const before = openIn(group);
    // More than could be held if each had to wait for the last one to count as refused.
    const clients = await Promise.all(Array.from({ length: 90 }, () => silent(local(port))));
    await untilHeld(group, before, 90);
    await Promise.all(pids.slice(0, 2).map((pid) => kill(group, pid)));
    const bodies = await Promise.all(clients.map(({ ask }) => ask()));
    expect(new Set(bodies)).toEqual(new Set([String(pids[2])]));
  });

  it("is accepted when the last one is held: a kill as they come takes along one at most", async () => {
    const group = startGroup();
    const { pids, port } = await httpWorkers(group, 2);
    const clients = await Promise.all(Array.from({ length: 60 }, () => silent(local(port))));
    await kill(group, pids[0] ?? 0);
    const bodies = await Promise.all(clients.map(({ ask }) => ask()));
    expect(bodies.filter((body) => body !== String(pids[1])).length).toBeLessThanOrEqual(1);
  });

  it("waits for the replacement of the only worker", async () => {
    const group = startGroup();
    const { pids, port } = await httpWorkers(group, 1);
    const before = openIn(group);
    const clients = await Promise.all(Array.from({ length: 5 }, () => silent(local(port))));
    await untilHeld(group, before, 5);
    await kill(group, pids[0] ?? 0);
    const asked = Promise.all(clients.map(({ ask }) => ask()));
    const next = await group.fork("http", { APP: "http" });
    expect(new Set(await asked)).toEqual(new Set([String(next.pid)]));
  });

  it("on a unix socket too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "supervise-sock-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const SOCKET = join(folder, "app.sock");
    const group = startGroup();
    const { pids } = await httpWorkers(group, 2, { SOCKET });
    const before = openIn(group);
    const clients = await Promise.all(Array.from({ length: 6 }, () => silent({ path: SOCKET })));
    await untilHeld(group, before, 6);
    await kill(group, pids[0] ?? 0);
    const bodies = await Promise.all(clients.map(({ ask }) => ask()));
    expect(new Set(bodies)).toEqual(new Set([String(pids[1])]));
  });

  it("is reset with its worker once a request has begun", async () => {
    const group = startGroup();
    const { pids, port } = await httpWorkers(group, 1);
    const before = openIn(group);
    const client = await silent(local(port));
    await untilHeld(group, before, 1);
    await client.ask();
    await kill(group, pids[0] ?? 0);
    await group.fork("http", { APP: "http" });
    expect(await client.ended).toContain(String(pids[0]));
  });

  it("is ended when the worker died with the request in its hands, and the others are answered", async () => {
    const group = startGroup();
    const { pids, port } = await httpWorkers(group, 1);
    const before = openIn(group);
    const clients = await Promise.all(Array.from({ length: 5 }, () => silent(local(port))));
    await untilHeld(group, before, 5);
    const next = await group.fork("http", { APP: "http" });
    group.do({ do: "tell", pid: pids[0], message: "swallow" });
    await group.heard(({ type }) => type === "swallowing");
    const [first, ...others] = clients;
    const swallowed = first?.ask();
    await group.heard(({ type }) => type === "swallowed");
    await kill(group, pids[0] ?? 0);
    const bodies = await Promise.all(others.map(({ ask }) => ask()));
    expect(new Set(bodies)).toEqual(new Set([String(next.pid)]));
    expect(await swallowed).not.toContain("HTTP");
  });

  it("is no longer held once it has asked, has left, or was closed by the server", async () => {
    const group = startGroup();
    const { pids, port } = await httpWorkers(group, 1);
    const before = openIn(group);
    const [asks, leaves, closed] = await Promise.all([1, 2, 3].map(() => silent(local(port))));
    await untilHeld(group, before, 3);
    await asks?.ask();
    await untilHeld(group, before, 2);
    leaves?.socket.destroy();
    await untilHeld(group, before, 1);
    group.do({ do: "tell", pid: pids[0], message: "drop" });
    expect(await closed?.ended).toBe("");
    await untilHeld(group, before, 0);
  });

  it("is closed by the server's own timeout", async () => {
    const group = startGroup();
    const { port } = await httpWorkers(group, 1, { HEADERS_TIMEOUT: "200" });
    const before = openIn(group);
    const client = await silent(local(port));
    await untilHeld(group, before, 1);
    expect(await client.ended).toMatch(/^HTTP\/1.1 408 /);
    await untilHeld(group, before, 0);
  });

  it("does not keep a worker from noticing that its primary died while it was sent", async () => {
    const group = startGroup();
    const { port } = await httpWorkers(group, 1);
    process.kill(group.child.pid ?? 0, "SIGSTOP");
    const client = await silent(local(port));
    // Answered after it was sent: the worker's loop has turned.
    await (await silent(local(port))).ask();
    process.kill(group.child.pid ?? 0, "SIGKILL");
    // Its worker has ended, and was not told to.
    expect(await client.ended).not.toContain("HTTP");
  });
});
