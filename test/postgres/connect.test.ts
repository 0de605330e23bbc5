import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectWithBackoff } from "../../src/postgres/connect.js";
import { startEmbedded } from "../../src/postgres/embedded.js";
import { createDatabase, onServer, urlOf, type TestDatabase } from "../support/database.js";
import { recordingLog, silentLog } from "../support/log.js";
import { createProject } from "../support/server-project.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const applicationName = "tasks/supervisor";

describe("connecting", () => {
  test("says where it is connected to, without the password", async () => {
    const log = recordingLog();
    const session = await connectWithBackoff(database.url, { applicationName, log });
    await session.end();
    const [line] = log.of("database.connected");
    expect(line?.fields).toMatchObject({ host: "127.0.0.1", database: database.name });
    expect(JSON.stringify(log.lines)).not.toContain(new URL(database.url).password);
  });

  test("waits for a database that is still starting, and says so", async () => {
    const project = await createProject();
    const first = await startEmbedded({ root: project.root, log: silentLog });
    await first.stop();
    const log = recordingLog();
    const connecting = connectWithBackoff(first.url, { applicationName, log });
    const waiting = await log.waitFor("database.waiting");
    expect(waiting.msg).toMatch(/^waiting for the database at 127\.0\.0\.1:\d+\/\w+ as postgres: /);
    const second = await startEmbedded({ root: project.root, log: silentLog });
    const session = await connecting;
    expect(log.lines.at(-1)?.event).toBe("database.connected");
    await session.end();
    await second.stop();
    await project.remove();
  });

  test("gives up after the time it was given, with 69 and the place", async () => {
    const log = recordingLog();
    const url = "postgresql://app:s3cr3t@127.0.0.1:1/tasks";
    const refused = connectWithBackoff(url, { applicationName, log, timeoutMs: 300 });
    await expect(refused).rejects.toMatchObject({ code: "DATABASE_UNREACHABLE", exitStatus: 69 });
    await expect(refused).rejects.toThrow(/ECONNREFUSED.*waited.*127\.0\.0\.1:1\/tasks as app/);
    expect(log.of("database.waiting")).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain("s3cr3t");
  });

  test("is called off by its signal", async () => {
    const controller = new AbortController();
    const log = recordingLog();
    const url = "postgresql://app@127.0.0.1:1/tasks";
    const waiting = connectWithBackoff(url, { applicationName, log, signal: controller.signal });
    await log.waitFor("database.waiting");
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED" });
  });

  test("does not wait for a server that accepts and then says nothing", async () => {
    const mute = await listen(() => undefined);
    const refused = connectWithBackoff(mute.url, {
      applicationName,
      log: silentLog,
      timeoutMs: 300,
    });
    await expect(refused).rejects.toMatchObject({ code: "DATABASE_UNREACHABLE" });
    await mute.close();
  });
});

describe("what waiting cannot cure is refused at once", () => {
  const once = (url: string) => connectWithBackoff(url, { applicationName, log: refusing });
  // Any line is one too many: it would be database.waiting.
  const refusing = {
    ...silentLog,
    event: (_level: unknown, event: string) => {
      throw new Error(`logged ${event}`);
    },
  };

  test.each([
    [
      "a wrong password",
      () => urlOf(database.name, { user: "postgres", password: "x" }),
      "password",
    ],
    [
      "a role that is not there",
      () => urlOf(database.name, { user: "nobody", password: "x" }),
      "nobody",
    ],
    ["a database that is not there", () => urlOf("not_there"), "createdb not_there"],
    ["TLS that the server does not speak", () => `${database.url}?sslmode=verify-full`, "sslmode"],
    ["a certificate that cannot be read", () => `${database.url}?sslrootcert=/none`, "certificate"],
  ])("%s", async (_case, url, telling) => {
    await expect(once(url())).rejects.toThrow(telling);
  });

  test("no password where one is wanted", async () => {
    const url = new URL(database.url);
    url.password = "";
    await expect(once(url.href)).rejects.toThrow("put it into DATABASE_URL");
  });

  test("a database that the role may not connect to", async () => {
    const role = `denied_${database.name}`;
    await onServer(
      `create role ${role} login password 'p'`,
      `revoke connect on database ${database.name} from public`,
    );
    const url = urlOf(database.name, { user: role, password: "p" });
    await expect(once(url)).rejects.toThrow("grant connect");
    await onServer(`drop role ${role}`);
  });
});

async function listen(serve: () => void): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `postgresql://app@127.0.0.1:${port}/tasks`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
