#!/usr/bin/env node
// Runs the benchmarks: all of them, or those named on the command line. Each is a module of this
// folder whose default export prints its own table and leaves nothing behind.
import { readdirSync } from "node:fs";

const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".js") && name !== "main.js" && !name.startsWith("lib-"))
  .map((name) => name.slice(0, -3));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(", ")}; there are: ${known.join(", ")}`);
  process.exitCode = 64;
} else {
  for (const name of wanted.length > 0 ? wanted : known) {
    console.log(`\n== ${name}`);
    const { default: run } = await import(`./${name}.js`);
    await run();
  }
}
