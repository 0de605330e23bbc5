import { describe, expect, it } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../../src/util/units.js";

describe("durations", () => {
  it.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["1.5s", 1_500],
    ["0", 0],
    ["0s", 0],
  ])("%s is understood", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "30", "s", "-1s", "1d", "1 second", "NaNs", "1e3s", "Infinitys", "5m30s"])(
    "%j is refused",
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  it.each([
    [0, "0ms"],
    [0.25, "0.25ms"],
    [999, "999ms"],
    [2_500, "2.5s"],
    [200_000, "3m 20s"],
    [300_000, "5m"],
    [3_900_000, "1h 5m"],
    [90_000_000, "25h"],
    [786_600_000, "9d 2h"],
  ])("%d ms reads %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("sizes", () => {
  it.each([
    ["512MB", 512e6],
    ["2GiB", 2 * 2 ** 30],
    ["10kB", 10e3],
    ["0", 0],
    ["1.5KiB", 1536],
  ])("%s is understood", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(["", "512", "MB", "-1MB", "1XB", "1 M B"])("%j is refused", (text) => {
    expect(parseSize(text)).toBeNull();
  });

  it.each([
    [0, "0 B"],
    [48.104_865, "48 B"],
    [999, "999 B"],
    [1_500, "1.5 kB"],
    [62_345_678, "62 MB"],
    [512e6, "512 MB"],
    [999_999, "1 MB"],
  ])("%d bytes read %s", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
