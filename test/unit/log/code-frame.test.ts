import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeFrame, codeFrameOfEnd, namedFrame } from "../../../src/log/code-frame.js";
import { withoutPlace } from "../../../src/log/error-place.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "frame-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "app.js");
  writeFileSync(path, text);
  return path;
}

describe("the lines of the user's own file", () => {
  it("are those of the error that ended a process, not of one that it had logged before", () => {
    const path = file("const a = 1;\nwarn(new Error());\nthrow b;\n");
    const logged = `Error: no matter\n    at ${path}:2:6\n`;
    const thrown = `${path}:3\nthrow b;\n      ^\n\nReferenceError: b is not defined\n    at ${path}:3:7\n\nNode.js v20.20.2`;
    const rejected = `node:internal/process/promises:394\n      triggerUncaughtException(err, true);\n      ^\n\nError: no\n    at ${path}:3:7\n\nNode.js v20.20.2`;
    for (const ended of [thrown, rejected]) {
      expect(codeFrameOfEnd(logged + ended)).toContain("> 3 | throw b;");
    }
    expect(codeFrameOfEnd(logged)).toContain("> 2 | warn(new Error());");
  });

  it("are those that a stack leads to first, past packages", () => {
    const path = file("const a = 1;\nconst b = null;\nb.c = a;\n");
    const stack = `TypeError: no\n    at f (/x/node_modules/y/z.js:1:1)\n    at ${pathToFileURL(path).href}:3:5`;
    expect(codeFrame(stack)).toBe(
      `${path}:3:5\n  1 | const a = 1;\n  2 | const b = null;\n> 3 | b.c = a;\n    |     ^\n  4 |`,
    );
  });

  it("are those of a syntax error, with the caret where Node has it", () => {
    const path = file("const a = 1;\nconst b = ;\n");
    const said = `${path}:2\nconst b = ;\n          ^\n\nSyntaxError: Unexpected token ';'`;
    expect(codeFrame(said)).toBe(
      `${path}:2:11\n  1 | const a = 1;\n> 2 | const b = ;\n    |           ^\n  3 |`,
    );
    expect(withoutPlace(said)).toBe("SyntaxError: Unexpected token ';'");
  });

  it("are the last ones where the end of the file comes too early", () => {
    const path = file("const a = 1;\nfunction x( {\n}\n");
    expect(codeFrame(`${path}:4\n\n\n\nSyntaxError: Unexpected end of input`)).toBe(
      `${path}:4\n  2 | function x( {\n  3 | }\n> 4 |`,
    );
  });

  it.each([
    ["a file", "./nowhere.js", (folder: string) => join(folder, "nowhere.js")],
    ["a package", "nopackage/sub", () => "nopackage"],
  ])("are the import of %s that is not there", (_, specifier, wanted) => {
    const path = file(`const x = 1;\nimport "${specifier}";\n`);
    const said = `Error [ERR_MODULE_NOT_FOUND]: Cannot find module '${wanted(folder)}' imported from ${path}\n    at finalizeResolution (node:internal/modules/esm/resolve:283:11)`;
    expect(codeFrame(said)).toContain(`${path}:2:9\n`);
    expect(codeFrame(said)).toContain(`> 2 | import "${specifier}";`);
  });

  it("are not looked for in files that are gone", () => {
    expect(codeFrame("Error: x\n    at /nowhere/app.js:1:1")).toBeNull();
  });
});

describe("the stack below them", () => {
  it("is without Node's calls that led into the application", () => {
    const stack =
      "Error: x\n    at /app/a.js:1:1\n    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)";
    expect(withoutPlace(stack)).toBe("Error: x\n    at /app/a.js:1:1");
  });

  it("stays whole where there is nothing else in it", () => {
    const stack = "Error: x\n    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)";
    expect(withoutPlace(stack)).toBe(stack);
  });
});

describe("the lines of a file that a failure names", () => {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

  it("are found in any of the folders, with the column where it is known", () => {
    write("schema.sql", "CREATE TABLE a (\n  id itn\n);\n");
    const frame = `${join(folder, "schema.sql")}:2:6\n  1 | CREATE TABLE a (\n> 2 |   id itn\n    |      ^\n  3 | );\n  4 |`;
    expect(namedFrame("schema.sql:2:6", ["/nowhere", folder])).toBe(frame);
  });

  it("are left out, and no error, where the place is a folder or no file at all", () => {
    for (const importer of [`${folder}/`, `${folder}/none.js`, "/proc/1/mem"]) {
      expect(codeFrame(`Cannot find package 'x' imported from ${importer}`)).toBeNull();
    }
    expect(codeFrame("Error: x\n    at file:///a%2Fb.js:1:1")).toBeNull();
  });

  it("tell no secrets", () => {
    write(
      "dazzle.toml",
      'app.prot = 1\n# url = "postgresql://u:s3cret@h/d"\n"token" = "s3cret"\nname = "x://u:s3cret@h"\n',
    );
    expect(namedFrame("dazzle.toml:2 [app]", [folder])).toBe(
      `${join(folder, "dazzle.toml")}:2\n  1 | app.prot = 1\n> 2 | # url = …\n  3 | "token" = …\n  4 | name = …`,
    );
    write(
      "dazzle.toml",
      `control = { port = 9000, tokne = "s3cret", on = true }\nenv."production".url = 's3cret'\nkey = s3cret # x\n[env."a b".app]\npassword = "s3cret`,
    );
    expect(namedFrame("dazzle.toml:3 [app]", [folder])).toBe(
      `${join(folder, "dazzle.toml")}:3\n  1 | control = { port = 9000, tokne = …, on = true }\n  2 | env."production".url = …\n> 3 | key = …# x\n  4 | [env."a b".app]\n  5 | password = …`,
    );
    write(
      "a.sql",
      "alter role app password 's3''cret' login;\ncreate role b password $$s3cret$$;\nx",
    );
    expect(namedFrame("a.sql:3", [folder])).toBe(
      `${join(folder, "a.sql")}:3\n  1 | alter role app password … login;\n  2 | create role b password …;\n> 3 | x`,
    );
    write("dazzle.toml", 'token = """\ns3cret\n"""\nprot = 1\n');
    expect(namedFrame("dazzle.toml:4 [app]", [folder])).toBeNull();
    write(".env", "PORT=x\nPASSWORD=s3cret\n");
    expect(namedFrame(".env:1", [folder])).toBeNull();
  });

  it("are none for other places", () => {
    for (const where of [
      "command line",
      "env PORT",
      "missing.sql:3",
      "statement 1 of 2: select 1",
    ]) {
      expect(namedFrame(where, [folder])).toBeNull();
    }
  });
});
