import { expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";

test.each(["listener", "server", "express", "fastify", "koa", "fetch"])(
  "a request in flight is answered at a stop, by an application of kind %s",
  async (kind) => {
    const database = await createDatabase();
    const app = await serveReady({
      app: "held-request.mjs",
      url: database.url,
      workers: 1,
      env: { APP_KIND: kind },
    });
    const answers = [ask(app.port, "/"), ask(app.port, "/")];
    await app.says(({ msg }) => msg === "held", 2);
    const end = app.end();
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 200, body: "answered at the stop" });
    }
    expect(await end).toEqual({ code: 0, signal: null });
    await database.drop();
  },
);
