import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildProgram } from "../../../src/cli/program.js";
import { pathOf } from "../../../src/cli/help/apply.js";
import { EXAMPLES } from "../../../src/cli/help/examples.js";
import { listTopics } from "../../../src/cli/help/topics.js";
import { renderMarkdown } from "../../../src/cli/render/markdown.js";
import { contextFor, run } from "./program.js";

const program = buildProgram(contextFor(() => undefined));
const everyCommand = (command: Command): Command[] => [
  ...command.commands,
  ...command.commands.flatMap(everyCommand),
];

describe("help", () => {
  it("has examples for every command, within 80 columns", () => {
    const without = everyCommand(program)
      .map(pathOf)
      .filter((path) => EXAMPLES[path] === undefined);
    expect(without).toEqual([]);
  });

  it.each(listTopics().map(({ name }) => name))("prints the topic %s", async (name) => {
    const { stdout, error } = await run("help", name);
    expect(error).toBeNull();
    expect(stdout.length).toBeGreaterThan(100);
    expect(stdout).not.toContain("```");
  });

  it.each(listTopics())("folds the topic $name to 80 columns, code left as it is", ({ text }) => {
    const rendered = renderMarkdown(text, { colour: false, columns: 80 });
    const long = rendered
      .split("\n")
      .filter((line) => line.length > 80 && !line.startsWith("    ") && /\S \S/.test(line.trim()));
    // A word of its own may be longer, such as an address.
    expect(long.filter((line) => line.split(" ").every((word) => word.length < 40))).toEqual([]);
  });

  it("prints the guide of a command that has one behind its options", async () => {
    const { stdout } = await run("help", "backup");
    expect(stdout).toContain("Usage: supervise backup");
    expect(stdout).toContain("tar xzf");
  });

  it("prints the help of a command, and of the program with the topics", async () => {
    expect((await run("help", "scale")).stdout).toContain("supervise scale 4");
    const { stdout } = await run("help");
    expect(stdout).toContain("operations");
    expect(stdout).toContain("completion");
  });

  it.each([
    [["help", "operatoins"], "operations"],
    [["statsu"], "supervise status"],
    [["status", "--jsno"], "--json"],
  ])("says what was meant by %j", async (typed, meant) => {
    const { error } = await run(...typed);
    expect(error).toMatchObject({ exitStatus: 64 });
    expect(String(error)).toContain(meant);
  });
});

describe("completion in bash", () => {
  async function complete(...words: readonly string[]): Promise<string[]> {
    const { stdout } = await run("completion", "bash");
    const script = `${stdout}
COMP_WORDS=(supervise "$@"); COMP_CWORD=$#; _supervise; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script, "bash", ...words], { encoding: "utf8" })
      .split("\n")
      .filter((word) => word !== "");
  }

  it("completes commands, options, choices and arguments", async () => {
    expect(await complete("rel")).toContain("reload");
    expect(await complete("status", "--w")).toEqual(["--watch"]);
    expect(await complete("--log-format", "")).toEqual(["json", "pretty"]);
    expect(await complete("--env", "")).toEqual(["development", "staging", "production"]);
    expect(await complete("completion", "f")).toEqual(["fish"]);
    expect(await complete("--work")).toEqual(["--workers"]);
  });

  it("completes files for the application and for --config", async () => {
    expect(await complete("package.j")).toContain("package.json");
    expect(await complete("--config", "tsconfig.j")).toContain("tsconfig.json");
  });
});

describe("completion in other shells", () => {
  const installed = (shell: string): boolean =>
    spawnSync(shell, ["-c", ":"], { stdio: "ignore" }).status === 0;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "completion-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function scriptFor(shell: string): Promise<string> {
    const file = join(folder, "script");
    const { stdout } = await run("completion", shell);
    expect(stdout).toContain("reload");
    writeFileSync(file, stdout);
    return file;
  }

  it.each(["zsh", "fish"])("is syntactically right for %s", async (shell) => {
    const file = await scriptFor(shell);
    if (installed(shell)) execFileSync(shell, ["-n", file]);
  });

  it("completes in fish where it is installed", async () => {
    const file = await scriptFor("fish");
    if (!installed("fish")) return;
    const complete = (line: string): string =>
      execFileSync("fish", ["-c", `source ${file}; complete -C "${line}"`], { encoding: "utf8" });
    expect(complete("supervise rel")).toContain("reload");
    expect(complete("dazzle status --wa")).toContain("--watch");
    expect(complete("supervise completion z")).toContain("zsh");
    expect(complete("supervise --env p")).toBe(
      "production\tdevelopment, staging or production (sets DAZZLE_ENV)\n",
    );
    // Files only where a file may stand.
    expect(complete("supervise db ")).not.toContain("package.json");
    expect(complete("supervise package.j")).toContain("package.json");
    expect(complete("supervise --config package.j")).toContain("package.json");
  });
});
