#!/usr/bin/env node
// Writes docs/configuration.md from the built option definitions; `--check` only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { ALL_OPTIONS, SECTIONS } from "../dist/config/options.js";
import { configurationDocs } from "./configuration-docs.js";

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs/configuration.md");
const style = await resolveConfig(file);
const text = await format(configurationDocs(ALL_OPTIONS, SECTIONS), { ...style, filepath: file });

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("docs/configuration.md is stale: run npm run docs");
  process.exitCode = 1;
}
