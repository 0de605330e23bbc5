/** A project folder with schema files and revisions, on a database of the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../../../src/config/config.js";
import { migrationConfig } from "./config.js";

export interface TestProject {
  readonly config: Config;
  write(file: string, text: string): void;
  remove(): void;
}

export function createProject(overrides: Parameters<typeof migrationConfig>[1] = {}): TestProject {
  const root = mkdtempSync(join(tmpdir(), "supervise-migrate-"));
  return {
    config: migrationConfig(root, overrides),
    write: (file, text) => {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
