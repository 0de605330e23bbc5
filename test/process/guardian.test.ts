/** The shell that outlives a killed primary to end the workers that are stuck. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import { ORPHAN_TITLE } from "../../src/ipc/orphan.js";
import { listProcesses, type Process } from "../support/processes.js";

const ROOT = join(import.meta.dirname, "..", "..");

/** Has the guardian of one worker, like a primary, and says when it has been told of it. */
const PRIMARY = `
import { startGuardian } from "./dist/primary/guardian.js";
const tenMinutes = 600_000;
startGuardian(tenMinutes, console).watch(Number(process.argv[1]));
console.log("watching");
`;

/** The pid of an orphan that has ended, whose new parent does not ask how. */
async function unreapedOrphan(): Promise<number> {
  const worker = `process.title = "${ORPHAN_TITLE}"; console.log(process.pid);`;
  const parent = spawn("/bin/sh", [
    "-c",
    '"$0" -e "$1" & exec sleep 600 >/dev/null 2>&1',
    process.execPath,
    worker,
  ]);
  onTestFinished(() => void parent.kill("SIGKILL"));
  return Number(await text(parent.stdout));
}

/** Those of them that have not ended; who was not reaped has no command any more. */
const running = (processes: readonly Process[]): Process[] =>
  listProcesses().filter(({ pid, command }) =>
    processes.some((one) => one.pid === pid && one.command === command),
  );

test("the guardian does not wait for orphans that ended and were not reaped", async () => {
  const orphan = await unreapedOrphan();
  expect(listProcesses().map(({ pid }) => pid)).toContain(orphan);
  const primary = spawn(
    process.execPath,
    ["--input-type=module", "-e", PRIMARY, "--", String(orphan)],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise((resolve) => primary.stdout.once("data", resolve));
  const guardians = listProcesses().filter(({ ppid }) => ppid === primary.pid);
  onTestFinished(() => {
    for (const { pid } of running(guardians)) process.kill(pid, "SIGKILL");
  });
  expect(guardians).toHaveLength(1);
  primary.kill("SIGKILL");
  await vi.waitFor(() => expect(running(guardians)).toEqual([]), { timeout: 20_000, interval: 50 });
});
