/** The revisions: what has run, what is to run, and what is not as it was. */
import type { RevisionView } from "../dev/wire.js";
import { h } from "./dom.js";
import { moment } from "./format.js";

/** Older ones are shown when asked for. */
const SHOWN = 10;

const TAG = {
  applied: "good",
  pending: "warn",
  edited: "bad",
  missing: "bad",
  "out-of-order": "bad",
} as const;

const WHAT_NOW = {
  edited: "The file was changed after it had run: restore it, and write a new revision instead.",
  missing: "It has run, but its file is gone: restore the file.",
  "out-of-order": "Newer ones have run before it: give it a later version.",
} as const;

function noteOf({ state, empty, applied_at }: RevisionView): string {
  if (state === "applied") return applied_at === null ? "" : moment(applied_at);
  if (state !== "pending") return WHAT_NOW[state];
  return empty ? "Nothing stands in it yet, so it is not run." : "";
}

/** The versions whose SQL is unfolded: they stay so when the list is drawn anew. */
const unfolded = new Set<string>();

function sqlOf({ version, up, down }: RevisionView): HTMLElement | false {
  if (up === null) return false;
  const section = (title: string, sql: string) => [
    h("p", { class: "note" }, title),
    h("pre", {}, h("code", {}, sql)),
  ];
  const details = h(
    "details",
    {
      open: unfolded.has(version),
      ontoggle: () => {
        if (details.open) unfolded.add(version);
        else unfolded.delete(version);
      },
    },
    h("summary", {}, "SQL"),
    ...section("up", up === "" ? "-- nothing yet" : up),
    ...(down === null ? [h("p", { class: "note" }, "no way down")] : section("down", down)),
  );
  return details;
}

function item(revision: RevisionView): HTMLElement {
  const note = noteOf(revision);
  return h(
    "li",
    { class: "change revision" },
    h(
      "h3",
      {},
      h("span", { class: `tag ${TAG[revision.state]}` }, revision.state),
      revision.name.replaceAll(/[_-]+/g, " "),
    ),
    h("p", { class: "note" }, h("code", {}, revision.version), note !== "" && ` · ${note}`),
    sqlOf(revision),
  );
}

/** The sum in words, such as `12 applied, 2 pending`. */
function summary(revisions: readonly RevisionView[]): string {
  const counts = new Map<string, number>();
  for (const { state } of revisions) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

/** Newest first. */
export function revisionsCard(revisions: readonly RevisionView[]): HTMLElement {
  const newest = [...revisions].reverse();
  const list = h("ul", { class: "changes" }, ...newest.slice(0, SHOWN).map(item));
  const rest = newest.slice(SHOWN);
  const more = h(
    "button",
    {
      type: "button",
      onclick: () => {
        list.append(...rest.map(item));
        more.remove();
      },
    },
    `Show ${rest.length} older`,
  );
  const card = h("section", { class: "card" }, h("h2", { class: "title" }, "Revisions"));
  if (revisions.length === 0) {
    card.append(
      h("p", { class: "empty" }, "No revisions yet. This writes one:"),
      h("p", { class: "centred" }, h("code", {}, 'supervise db revision -m "..."')),
    );
    return card;
  }
  card.append(h("p", { class: "note" }, `${summary(revisions)}.`), list);
  if (rest.length > 0) card.append(more);
  return card;
}

/** Where the revisions can't be read, why not. */
export function revisionsFailed(reason: string): HTMLElement {
  const card = h(
    "section",
    { class: "card" },
    h("h2", { class: "title" }, "The revisions can't be read"),
  );
  card.append(h("pre", { class: "error" }, reason));
  return card;
}
