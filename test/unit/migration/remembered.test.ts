import { expect, test } from "vitest";
import { recall, remember } from "../../../src/migration/remembered.js";
import type { EnumType, Model } from "../../../src/schema/model.js";
import type { Fragment } from "../../../src/schema/units.js";

const color = (...values: string[]): EnumType => ({ name: "color", values, comment: null });
const size: EnumType = { name: "size", values: ["s", "l"], comment: null };

const live = (...enums: EnumType[]): Model => ({
  namespace: "public",
  extensions: [],
  enums,
  domains: [],
  composites: [],
  sequences: [],
  tables: [],
});

const fragment = (...enums: EnumType[]): Fragment => ({
  hash: "",
  tables: [],
  enums,
  domains: [],
  composites: [],
  sequences: [],
});

test("what is as the files want it is kept as a name, and comes back as the very same object", () => {
  const wanted = fragment(color("red"));
  const kept = remember(live(color("red"), size), [wanted]);
  expect(kept.enums).toEqual(["color", size]);
  const back = recall(kept, [wanted]);
  expect(back?.enums).toEqual([color("red"), size]);
  expect(back?.enums[0]).toBe(wanted.enums[0]);
});

test("what differs from the files is kept whole", () => {
  const wanted = fragment(color("red", "green"));
  expect(remember(live(color("red")), [wanted]).enums).toEqual([color("red")]);
});

test("a name that nothing explains any more is not made up", () => {
  const kept = remember(live(color("red")), [fragment(color("red"))]);
  expect(recall(kept, [fragment(size)])).toBeNull();
});
