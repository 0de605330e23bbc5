// A worker in a few files: what it loads at its start, and the library that applications import, share them.
// Each of some sixty modules by itself costs Node about a millisecond to find, read and link, at every boot.
import { join } from "node:path";
import { buildSync } from "esbuild";

const root = join(import.meta.dirname, "..");

/** Replaces what the compiler made of the two entries; the other modules of dist stay as they are. */
export function bundleWorker() {
  const { errors } = buildSync({
    entryPoints: ["src/worker/main.ts", "src/index.ts"],
    outbase: "src",
    outdir: "dist",
    // As deep as the folders of src, so that what is found beside a module is found beside these.
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    // It has to run before pg does, and a bundle runs what it holds after what it imports.
    external: ["*/util/lean-pg.js"],
    sourcemap: true,
    sourcesContent: false,
    absWorkingDir: root,
    logLevel: "warning",
  });
  return errors.length === 0;
}
