import fc from "fast-check";
import semver from "semver";
import { describe, expect, test } from "vitest";
import { parseConstraint, satisfies } from "../../../src/pin/constraint.js";

/** Which of the candidate versions a pin allows; its refusal when it is none. */
function allowed(pin: string, ...versions: string[]): string[] | string {
  const constraint = parseConstraint(pin);
  if (!constraint.ok) return `${constraint.why}: ${constraint.remedy}`;
  return versions.filter((version) => satisfies(version, constraint.range));
}

describe("npm ranges", () => {
  test.each<[string, string[], string[]]>([
    ["~0.38", ["0.38.0", "0.38.9"], ["0.37.9", "0.39.0", "1.0.0"]],
    ["~0.38.2", ["0.38.2", "0.38.9"], ["0.38.1", "0.39.0"]],
    ["^0.38.1", ["0.38.1", "0.38.9"], ["0.39.0"]],
    ["^1.2", ["1.2.0", "1.9.0"], ["2.0.0"]],
    ["0.38", ["0.38.0", "0.38.5"], ["0.39.0"]],
    ["0.38.x", ["0.38.5"], ["0.39.0"]],
    ["=0.38.1", ["0.38.1"], ["0.38.2"]],
    ["*", ["0.0.1", "9.9.9"], ["1.0.0-rc.1"]],
    [">=0.38 <0.40", ["0.38.0", "0.39.9"], ["0.40.0"]],
    ["0.36 || ~0.38", ["0.36.4", "0.38.1"], ["0.37.0"]],
    ["0.36 - 0.38", ["0.36.0", "0.38.9"], ["0.39.0"]],
    ["  ~0.38  ", ["0.38.1"], ["0.39.0"]],
  ])("%s", (pin, inside, outside) => {
    expect(allowed(pin, ...inside, ...outside)).toEqual(inside);
  });

  test("a pre-release satisfies only a range that names one of the same version", () => {
    expect(allowed("~0.38", "0.38.1-rc.1", "0.39.0-rc.1")).toEqual([]);
    expect(allowed("~0.38.1-rc.1", "0.38.1-rc.2", "0.38.2-rc.1", "0.38.2")).toEqual([
      "0.38.1-rc.2",
      "0.38.2",
    ]);
  });
});

describe("Python's spellings", () => {
  test.each<[string, string[], string[]]>([
    ["~=0.38.0", ["0.38.0", "0.38.9"], ["0.37.9", "0.39.0"]],
    ["~=0.38.4", ["0.38.4", "0.38.9"], ["0.38.3", "0.39.0"]],
    ["~=0.38", ["0.38.0", "0.39.0", "0.99.9"], ["0.37.9", "1.0.0"]],
    ["~= 1.4", ["1.4.0", "1.9.0"], ["2.0.0"]],
    [">=0.38,<0.40", ["0.38.0", "0.39.9"], ["0.37.9", "0.40.0"]],
    [" >= 0.38 , < 0.40 ", ["0.38.0"], ["0.40.0"]],
    [">0.38,<=0.40", ["0.38.1", "0.40.0"], ["0.38.0", "0.40.1"]],
    ["==0.38.*", ["0.38.0", "0.38.7"], ["0.39.0"]],
    ["==0.*", ["0.1.0", "0.38.7"], ["1.0.0"]],
    ["==0.38.1", ["0.38.1"], ["0.38.2"]],
    ["==0.38", ["0.38.0"], ["0.38.1"]],
    ["===0.38.1", ["0.38.1"], ["0.38.2"]],
    [">=0.38.0rc1,<0.40", ["0.38.0-rc.1", "0.38.0-rc.2", "0.39.0"], ["0.38.0-beta.9", "0.40.0"]],
    ["~=0.38.0b2", ["0.38.0-beta.2", "0.38.4"], ["0.38.0-alpha.1", "0.39.0"]],
    [">=0.38a1", ["0.38.0-alpha.1", "1.0.0"], ["0.37.0"]],
    ["!=0.38.2", ["0.38.1", "0.38.3"], ["0.38.2"]],
    [">=0.38,!=0.38.2", ["0.38.0", "0.38.3"], ["0.37.0", "0.38.2"]],
    [">=0.38,!=0.39.*,!=0.38.2,<0.41", ["0.38.1", "0.40.0"], ["0.38.2", "0.39.4", "0.41.0"]],
  ])("%s", (pin, inside, outside) => {
    expect(allowed(pin, ...inside, ...outside)).toEqual(inside);
  });

  test("~= is the patch or minor range that PEP 440 defines, for any version", () => {
    const part = fc.nat(50);
    fc.assert(
      fc.property(part, part, part, part, part, part, (a, b, c, x, y, z) => {
        const version = `${x}.${y}.${z}`;
        const allows = (pin: string) => allowed(pin, version).length === 1;
        const atLeast = semver.gte(version, `${a}.${b}.${c}`);
        expect(allows(`~=${a}.${b}.${c}`)).toBe(atLeast && x === a && y === b);
        expect(allows(`~=${a}.${b}`)).toBe(semver.gte(version, `${a}.${b}.0`) && x === a);
        expect(allows(`!=${a}.${b}.${c}`)).toBe(version !== `${a}.${b}.${c}`);
      }),
    );
  });
});

describe("refusals say what to write", () => {
  test.each([
    ["", "is no npm version range", '"~0.38"'],
    ["latest", "is no npm version range", '">=0.38 <0.40"'],
    ["0.38.0.1", "is no npm version range", "npm range"],
    ["~=1", "has ~= with a single number", 'write "^1"'],
    ["==0.38.0.1", "has more than three numbers", "npm range"],
    [">=0.38,", "has an empty part between its commas", "npm range"],
    [">=0.38,<0.40.post1", 'has a part that npm has no spelling for, "<0.40.post1"', "npm range"],
    [">=1!0.38", "is no npm version range", "npm range"],
    [">=0.38,0.40", "has a part that npm has no spelling for", "npm range"],
    ["~=0.38.*", "has a wildcard behind ~=", "npm range"],
    [">=2,<1", "allows no version at all", "npm range"],
    [">2 <1", "allows no version at all", "npm range"],
  ])("%j", (pin, why, remedy) => {
    const said = allowed(pin);
    expect(said).toContain(why);
    expect(said).toContain(remedy);
  });
});
