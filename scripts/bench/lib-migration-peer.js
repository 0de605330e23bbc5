// node-pg-migrate with 100 applied migrations: it compares names with its own table and looks at no other.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Installs it from the registry; null where that is not possible. @param {string} folder */
export function installPeer(folder) {
  writeFileSync(join(folder, "package.json"), "{}");
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "node-pg-migrate", "pg"], {
    cwd: folder,
    stdio: "ignore",
  });
  if (npm.status !== 0) return null;
  mkdirSync(join(folder, "migrations"));
  for (let at = 0; at < 100; at += 1) {
    const name = `${1_700_000_000_000 + at}_step-${at}.sql`;
    writeFileSync(join(folder, "migrations", name), "-- Up Migration\nselect 1;\n");
  }
  return {
    /** @param {string} url */
    up(url) {
      const done = spawnSync(
        process.execPath,
        [join(folder, "node_modules/node-pg-migrate/bin/node-pg-migrate.js"), "up"],
        { cwd: folder, env: { ...process.env, DATABASE_URL: url }, stdio: "ignore" },
      );
      if (done.status !== 0) throw new Error(`node-pg-migrate ended with ${done.status}`);
    },
  };
}
