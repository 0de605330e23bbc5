import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readCode, takePlace, writeCode, type Place } from "../../../src/ipc/code-cache.js";
import { createCodeCache, type CodeCache } from "../../../src/primary/code-cache.js";

let folder: string;
let cache: CodeCache;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "code-cache-"));
  cache = createCodeCache();
});
afterEach(() => {
  cache.close();
  rmSync(folder, { recursive: true });
});

function placeIn(env: Readonly<Record<string, string>>): Place {
  const place = takePlace({ ...env });
  if (place === null) throw new Error("there is no place in it");
  return place;
}

const CODE = Buffer.from("compiled");

describe.runIf(process.platform === "linux")(
  "the compiled code that workers leave each other",
  () => {
    test("is made by one worker at a time, and taken by those that come after it", () => {
      const source = join(folder, "bundle.cjs");
      writeFileSync(source, "1;");
      const first = placeIn(cache.claim().env);
      expect(first.made).toBe(false);
      expect(cache.claim().env).toEqual({});
      writeCode(first.path, statSync(source), CODE);
      const second = placeIn(cache.claim().env);
      expect(second.made).toBe(true);
      expect(readCode(second.path, statSync(source))).toEqual(CODE);
    });

    test("is made by the next worker when the one that was to make it has ended before", () => {
      cache.claim().release();
      expect(placeIn(cache.claim().env).made).toBe(false);
    });

    test("is not taken for another file, nor for one of the same name and length", () => {
      const source = join(folder, "bundle.cjs");
      writeFileSync(source, "1;");
      const { path } = placeIn(cache.claim().env);
      writeCode(path, statSync(source), CODE);
      rmSync(source);
      writeFileSync(join(folder, "another"), "holds the place of the first one");
      writeFileSync(source, "2;");
      expect(readCode(path, statSync(source))).toBeNull();
    });
  },
);

test("the variable is taken out of the environment", () => {
  const env = { SUPERVISE_CODE_CACHE: "take:/somewhere", PATH: "/bin" };
  expect(takePlace(env)).toEqual({ path: "/somewhere", made: true });
  expect(env).toEqual({ PATH: "/bin" });
  expect(takePlace(env)).toBeNull();
});
