import { readFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { configurationDocs } from "../../../scripts/configuration-docs.js";
import { parseDocument } from "../../../src/config/parse-document.js";
import { checkDocument } from "../../../src/config/check-document.js";
import { ALL_OPTIONS, SECTIONS } from "../../../src/config/options.js";
import { isByProfile } from "../../../src/config/options/option.js";

const FILE = new URL("../../../docs/configuration.md", import.meta.url);
const docs = readFileSync(FILE, "utf8");

test("docs/configuration.md is what the options say now; npm run docs writes it", async () => {
  const style = await resolveConfig(FILE);
  const text = await format(configurationDocs(ALL_OPTIONS, SECTIONS), {
    ...style,
    parser: "markdown",
  });
  expect(docs).toBe(text);
});

test("every option's example is a value that the option takes", () => {
  for (const { key, example, kind } of ALL_OPTIONS) {
    const { value } = parse(`value = ${example}`, { integersAsBigInt: true });
    expect([key, kind.fromToml(value).ok]).toEqual([key, true]);
  }
});

test("every option's default is spelled so that it reads back as the same value", () => {
  for (const { key, kind, default: given } of ALL_OPTIONS) {
    const values: unknown[] = isByProfile(given) ? Object.values(given.profile) : [given];
    for (const value of values.filter((one) => one !== null)) {
      const shown = kind.show(value);
      const read = kind.fromToml(typeof shown === "number" ? BigInt(shown) : shown);
      expect([key, read]).toEqual([key, { ok: true, value }]);
    }
  }
});

test("the whole example is a valid dazzle.toml", () => {
  const text = docs.split("## All of it")[1]?.split("```toml")[1]?.split("```")[0] ?? "";
  const { document } = parseDocument(text, "dazzle.toml");
  expect(document === null ? null : checkDocument(document)).toEqual([]);
});
