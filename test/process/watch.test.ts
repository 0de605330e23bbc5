import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project, type Running } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const app = (text: string): string =>
  `export default () => (request, response) => response.end(${JSON.stringify(text)});\n`;

interface Project {
  readonly running: Running;
  readonly url: string;
  readonly text: () => Promise<string>;
  readonly write: (name: string, content: string) => void;
  readonly count: (event: string) => number;
}

async function start(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  prepare: (folder: string) => void = () => undefined,
): Promise<Project> {
  const cwd = project(files);
  prepare(cwd);
  const port = await freePort();
  const running = launch({
    cwd,
    args: ["--log-format", "json", "--log-level", "debug", ...args],
    env: { DATABASE_URL: database.url, PORT: String(port), ...env },
  });
  await running.waitFor("supervisor.ready");
  return {
    running,
    url: `http://127.0.0.1:${port}`,
    text: async () => (await fetch(`http://127.0.0.1:${port}/`)).text(),
    write: (name, content) => writeFileSync(join(cwd, name), content),
    count: (event) => running.events().filter((one) => one === event).length,
  };
}

const nth = (running: Running, event: string, count: number) => {
  let seen = 0;
  return running.waitFor(event, () => (seen += 1) >= count);
};
const watching = (running: Running) => running.waitForMessage("watching");

describe("watching in development", () => {
  it("takes links that were there before for no change", async () => {
    const { running, write } = await start({ "app.mjs": app("old") }, [], {}, (folder) => {
      symlinkSync(tmpdir(), join(folder, "elsewhere"));
      symlinkSync("nowhere", join(folder, "broken"));
    });
    await watching(running);
    write("app.mjs", app("new"));
    expect(await running.waitFor("watch.changed")).toMatchObject({ files: ["app.mjs"] });
  });

  it("serves the new code after a change, and logs what changed", async () => {
    const { running, text, write } = await start({ "app.mjs": app("old") });
    await watching(running);
    expect(await text()).toBe("old");
    write("app.mjs", app("new"));
    expect(await running.waitFor("watch.changed")).toMatchObject({ files: ["app.mjs"] });
    await running.waitFor("reload.done");
    expect(await text()).toBe("new");
  });

  it("keeps the old worker on a syntax error, and says where it is", async () => {
    const { running, text, write } = await start({
      "app.mjs": 'import "./part.mjs";\n' + app("old"),
      "part.mjs": "export {};\n",
    });
    await watching(running);
    write("part.mjs", "const a = 1;\nconst b = ;\n");
    const line = await running.waitFor("reload.abandoned");
    expect(JSON.stringify(line)).toContain("part.mjs:2");
    expect(JSON.stringify(line)).toContain("const b = ;");
    expect(await text()).toBe("old");
    write("part.mjs", "export {};\n");
    write("app.mjs", app("repaired"));
    await running.waitFor("reload.done");
    expect(await text()).toBe("repaired");
  });

  it("shows the line of a schema file or of dazzle.toml that a reload was abandoned for", async () => {
    const { running, text, write } = await start({
      "app.mjs": app("old"),
      "schema.sql": "",
      "dazzle.toml": '[project]\nname = "x"\n',
    });
    await watching(running);
    write("schema.sql", "CREATE TABLE framed (\n  id int PRIMARY KEY,\n  due no_such_type\n);\n");
    const schema = await running.waitFor("reload.abandoned");
    expect(schema["details"]).toContain("schema.sql:3\n");
    expect(schema["details"]).toContain("> 3 |   due no_such_type");
    write("schema.sql", "");
    await running.waitFor("reload.done");
    write("dazzle.toml", '[project]\nname = "x"\n[control]\ntoken = "hidden"\n[app]\nworker = 2\n');
    const { details } = await nth(running, "reload.abandoned", 2);
    expect(details).toContain("dazzle.toml:6\n");
    expect(details).toContain("> 6 | worker = 2");
    expect(details).not.toContain("hidden");
    expect(await text()).toBe("old");
  });

  it("serves the new code from a process that was started ahead of the change", async () => {
    const { running, text, write } = await start({ "app.mjs": app("old") });
    await watching(running);
    const waiting = await running.waitForMessage("a process waits for the next change");
    write(
      "app.mjs",
      `const slot = process.env.DAZZLE_WORKER_ID;
       export default () => (request, response) => response.end(process.pid + " " + slot);`,
    );
    await running.waitFor("reload.done");
    expect(await text()).toBe(`${String(waiting["worker_pid"])} 1`);
  });

  it("does not use such a process once packages have been installed", async () => {
    const pid = "export default () => (request, response) => response.end(String(process.pid));";
    const { running, text, write } = await start({ "app.mjs": pid, "package.json": "{}" });
    await watching(running);
    const waiting = await running.waitForMessage("a process waits for the next change");
    write("package.json", '{ "version": "2.0.0" }');
    await running.waitFor("reload.done");
    expect(await text()).not.toBe(String(waiting["worker_pid"]));
  });

  it("makes one reload of a burst", async () => {
    const { running, text, write, count } = await start({ "app.mjs": app("old") });
    await watching(running);
    for (let at = 0; at < 40; at += 1) write(`part${at}.mjs`, "export {};\n");
    write("app.mjs", app("new"));
    await running.waitFor("reload.done");
    expect(await text()).toBe("new");
    expect(count("watch.changed")).toBe(1);
  });

  it("passes over what git ignores", async () => {
    const { running, write, count } = await start({
      "app.mjs": app("old"),
      ".gitignore": "*.out.mjs\n",
    });
    await watching(running);
    write("a.out.mjs", "ignored");
    write("app.mjs", app("new"));
    const line = await running.waitFor("watch.changed");
    expect(line).toMatchObject({ files: ["app.mjs"] });
    await running.waitFor("reload.done");
    expect(count("watch.changed")).toBe(1);
  });

  it("gives up on a file that each reload writes, instead of reloading for ever", async () => {
    const { running, write, text } = await start({
      "app.mjs": `import { writeFileSync } from "node:fs";
writeFileSync("made.mjs", String(Math.random()));
${app("old")}`,
    });
    await watching(running);
    write("other.mjs", "1");
    await running.waitForMessage("made.mjs changes with every reload");
    expect(await text()).toBe("old");
  });

  it("shows the line of the application's own file that a crash came from", async () => {
    const { running, url } = await start({
      "app.mjs": `export default () => (request, response) => void lookUp("ada");
async function lookUp(name) {
  const found = await Promise.resolve(undefined);
  return found.address + name;
}
`,
    });
    await expect(fetch(url)).rejects.toThrow();
    const { details } = await running.waitFor("worker.exit");
    expect(details).toContain("app.mjs:4:16");
    expect(details).toContain("> 4 |   return found.address + name;");
  });

  it("waits for the next change after a crash that a change brought", async () => {
    const { running, write, text, url } = await start({ "app.mjs": app("old") });
    await watching(running);
    write(
      "app.mjs",
      `export default () => (request, response) => {
        if (request.url === "/crash") setImmediate(() => { throw new Error("boom"); });
        else response.end("bad");
      };`,
    );
    await running.waitFor("reload.done");
    const crash = () => expect(fetch(`${url}/crash`)).rejects.toThrow();
    await crash();
    await nth(running, "worker.ready", 3);
    await crash();
    await running.waitForMessage("waiting for a change");
    write("app.mjs", app("repaired"));
    await nth(running, "reload.done", 2);
    await running.waitFor("worker.ready", (line) => line["generation"] === 3);
    expect(await text()).toBe("repaired");
  });
});

describe("elsewhere", () => {
  it("nothing is watched in production, nor where it is turned off", async () => {
    for (const [args, env] of [
      [[], { DAZZLE_ENV: "production", HOST: "127.0.0.1", WEB_CONCURRENCY: "1" }],
      [["--no-watch"], {}],
    ] as const) {
      const { running } = await start({ "app.mjs": app("old") }, args, env);
      await running.end();
      expect(running.stdout()).not.toContain("watching");
    }
  });
});
