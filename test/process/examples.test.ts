import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch } from "../support/supervisor.js";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const post = (url: string, body: object) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe.each(["tasks", "express", "fastify"])("examples/%s", (name) => {
  it("serves tasks from PostgreSQL with two workers", async () => {
    const port = await freePort();
    const running = launch({
      cwd: join(EXAMPLES, name),
      args: ["--workers", "2", "--port", String(port)],
      env: { DATABASE_URL: database.url },
    });
    await running.waitFor("supervisor.ready");
    const url = `http://127.0.0.1:${port}`;

    const made = await post(`${url}/api/tasks`, { project: name, title: "write tests" });
    expect(made.status).toBe(201);
    const task: unknown = await made.json();
    expect(task).toMatchObject({ title: "write tests", status: "open" });
    expect((await post(`${url}/api/tasks`, { project: name })).status).toBe(400);

    const listed: unknown = await (await fetch(`${url}/api/tasks`)).json();
    expect(listed).toContainEqual(task);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await running.end()).toEqual({ code: 0, signal: null });
  });
});

it("examples/tasks has a page that shows the tasks", async () => {
  const port = await freePort();
  const running = launch({
    cwd: join(EXAMPLES, "tasks"),
    args: ["--port", String(port)],
    env: { DATABASE_URL: database.url },
  });
  await running.waitFor("supervisor.ready");
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(response.headers.get("content-type")).toContain("text/html");
  expect(await response.text()).toContain("<title>Tasks</title>");
  await running.end();
});
