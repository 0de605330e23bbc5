/**
 * As whom the development server runs. PostgreSQL refuses root, so root's server runs as an
 * unprivileged user: whoever owns the data already, else the owner of the project (who then goes
 * on using it without root), else `postgres`, else `nobody`. Anyone else's runs as themselves.
 */
import { readFile, stat } from "node:fs/promises";
import { attempt, run, type Account } from "./run.js";

const FALLBACKS = ["postgres", "_postgres", "nobody"];

/**
 * The accounts to try, best first; empty when this process can run the server itself.
 *
 * @param folders whose owners come first, in this order; missing ones are passed over.
 */
export async function accountsFor(folders: readonly string[]): Promise<Account[] | null> {
  if (process.getuid?.() !== 0) return null;
  const known = parsePasswd((await attempt(() => readFile("/etc/passwd", "utf8"))) ?? "");
  const owners = await Promise.all(folders.map((folder) => attempt(() => stat(folder))));
  const chosen = [
    ...owners.map((owner) => known.find((account) => account.uid === owner?.uid)),
    ...FALLBACKS.map((name) => known.find((account) => account.name === name)),
  ];
  return [
    ...new Set(chosen.filter((account) => account !== undefined && account.uid !== 0)),
  ].filter((account) => account !== undefined);
}

/** True when processes can be started as `account`: root without the capability cannot. */
export async function canBecome(account: Account): Promise<boolean> {
  return (await run("/bin/sh", ["-c", "exit 0"], account)).ok;
}

/** True when `account` (null: this process) can work in `folder`, asked by doing it. */
export async function canEnter(account: Account | null, folder: string): Promise<boolean> {
  return (await run("/bin/sh", ["-c", 'cd -- "$0" && test -x .', folder], account)).ok;
}

function parsePasswd(text: string): Account[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    const ids = [Number(uid), Number(gid)] as const;
    return name === undefined || name === "" || ids.some((id) => !Number.isInteger(id))
      ? []
      : [{ name, uid: ids[0], gid: ids[1] }];
  });
}
