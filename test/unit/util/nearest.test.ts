import { expect, it } from "vitest";
import { nearest } from "../../../src/util/nearest.js";

const COMMANDS = ["serve", "status", "reload", "scale", "stop", "migrate"];

it.each([
  ["stauts", "status"],
  ["relaod", "reload"],
  ["MIGRATE", "migrate"],
  ["migrat", "migrate"],
  ["serv", "serve"],
])("%s means %s", (word, meant) => {
  expect(nearest(word, COMMANDS)).toBe(meant);
});

it("a word unlike any known one means none", () => {
  expect(nearest("kubernetes", COMMANDS)).toBeNull();
});
