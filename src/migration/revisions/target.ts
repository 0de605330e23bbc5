/** Which revisions a target names. */
import { SuperviseError } from "../../errors.js";
import type { HistoryEntry } from "./history.js";
import { counted } from "../../util/counted.js";
import { compareVersions } from "./folder.js";

/**
 * `head`, `base`, a version, the beginning of one, or a name. Null stands for `base`: before the
 * first.
 *
 * @throws SuperviseError INPUT_NOT_FOUND.
 */
export function resolveTarget(target: string, entries: readonly HistoryEntry[]): string | null {
  if (target === "base") return null;
  if (target === "head" || target === "heads") return entries.at(-1)?.version ?? null;
  const exact = entries.filter(
    ({ version, name }) =>
      version === target ||
      name === target ||
      `${version}_${name}` === target.replace(/\.sql$/, ""),
  );
  const found =
    exact.length > 0 ? exact : entries.filter(({ version }) => version.startsWith(target));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first.version;
  throw new SuperviseError("INPUT_NOT_FOUND", {
    what:
      first === undefined
        ? `there is no revision ${target}`
        : `${target} could be ${found.map(({ version }) => version).join(" or ")}`,
    remedy: "see supervise db history; a target is a version, the beginning of one, head or base",
  });
}

/**
 * `+2` for an upgrade and `-1` for a downgrade, counted from where the database is, else
 * `resolveTarget`.
 *
 * @throws SuperviseError USAGE for a step the other way, INPUT_NOT_FOUND for one that is too long.
 */
export function resolveStep(
  target: string,
  entries: readonly HistoryEntry[],
  current: string | null,
  direction: "up" | "down",
): string | null {
  const [, sign, digits] = /^([+-])(\d+)$/.exec(target) ?? [];
  if (sign === undefined) return resolveTarget(target, entries);
  if ((sign === "+") !== (direction === "up")) {
    throw new SuperviseError("USAGE", {
      what: `${target} goes the other way`,
      remedy: "supervise db upgrade takes +N, supervise db downgrade takes -N",
    });
  }
  const at = entries.findIndex(({ version }) => version === current);
  const possible = direction === "up" ? entries.length - 1 - at : at + 1;
  const steps = Number(digits);
  if (steps > possible) {
    throw new SuperviseError("INPUT_NOT_FOUND", {
      what: `${target} is too far: ${counted(possible, "revision")} ${direction === "up" ? "pending" : "applied"}`,
      remedy: `see supervise db history; all of them: ${direction === "up" ? "head" : "base"}`,
    });
  }
  return entries[direction === "up" ? at + steps : at - steps]?.version ?? null;
}

export const upTo = (version: string, target: string | null): boolean =>
  target !== null && compareVersions(version, target) <= 0;
