import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import {
  cleanEnvironment,
  freePort,
  launch,
  PROGRAM,
  project,
  type Running,
} from "../support/supervisor.js";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const TUTORIAL = readFileSync(join(REPOSITORY, "docs", "tutorial.md"), "utf8");

interface Block {
  /** `bash`, `bash server`, `text`, `sql schema.sql`. */
  readonly info: string;
  readonly text: string;
}

const blocks: Block[] = [...TUTORIAL.matchAll(/^```(\S[^\n]*)\n(.*?)^```$/gms)].map(
  ([, info = "", text = ""]) => ({ info, text }),
);

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** npm and npx of a folder that has the package under test, and asks no registry for it. */
function shims(folder: string): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const put = (name: string, body: string) => {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  put("npx", `shift; exec ${process.execPath} ${PROGRAM} "$@"`);
  put(
    "npm",
    `case $1 in
  init) echo '{"name":"notes","private":true}' > package.json ;;
  install) ln -sfn ${join(REPOSITORY, "node_modules")} node_modules ;;
esac`,
  );
  return bin;
}

function run(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("bash", ["-euc", script], { cwd, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${script}\n${stdout}\n${stderr}`));
    });
  });
}

it("does what the tutorial says, step by step", { timeout: 240_000 }, async () => {
  const folder = project({});
  const [port, controlPort] = [await freePort(), await freePort()];
  const bin = shims(folder);
  // The package that `npm install` brings; the repository's own folder holds its dependencies.
  const env: NodeJS.ProcessEnv = {
    ...cleanEnvironment(),
    PORT: String(port),
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
  };
  const here = (text: string): string =>
    text
      .replaceAll("127.0.0.1:8000", `127.0.0.1:${port}`)
      .replaceAll("--control-port 9000", `--control-port ${controlPort}`)
      .replace(/postgresql:\/\/notes:secret@\S+/, database.url);
  const cwd = join(folder, "notes");
  let server: Running | null = null;
  let output = "";
  let reloads = 0;

  for (const { info, text } of blocks) {
    if (info === "bash server") {
      const args = here(text).trim().split(" ").slice(2);
      const given = Object.entries(env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      );
      server = launch({
        cwd,
        args: [...args, "--log-level", "debug"],
        env: Object.fromEntries(given),
      });
      await server.waitFor("supervisor.ready");
      if (env["DAZZLE_ENV"] === undefined) await server.waitForMessage("watching");
      reloads = 0;
    } else if (info === "bash") {
      for (const [, name = "", value = ""] of here(text).matchAll(/([A-Z_]+)=(\S+)/g)) {
        if (text.startsWith("export")) env[name] = value;
      }
      output = await run(here(text), text.startsWith("mkdir") ? folder : cwd, env);
      if (/supervise stop/.test(text)) expect(await server?.exited).toMatchObject({ code: 0 });
    } else if (info === "text") {
      expect(output).toContain(here(text).trim());
    } else {
      const [, file = ""] = info.split(" ");
      writeFileSync(join(cwd, file), text);
      reloads += 1;
      let seen = 0;
      await server?.waitFor("reload.done", () => (seen += 1) >= reloads);
    }
  }
  expect(blocks.length).toBeGreaterThan(20);
});
