/**
 * A strict reader of OpenMetrics 1.0 text, written from the specification's grammar and not from the
 * renderer: it throws at the first departure.
 */

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly unit: string | null;
  readonly help: string | null;
  readonly samples: ParsedSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  gauge: [""],
  counter: ["_total", "_created"],
  info: ["_info"],
  histogram: ["_bucket", "_count", "_sum", "_created"],
};

export function parseOpenMetrics(text: string): Map<string, ParsedFamily> {
  if (!text.endsWith("# EOF\n")) throw new SyntaxError("it does not end in # EOF");
  const lines = text.slice(0, -"# EOF\n".length).split("\n");
  if (lines.pop() !== "") throw new SyntaxError("# EOF is not on a line of its own");
  const families = new Map<string, ParsedFamily>();
  let current = "";
  const seen = new Set<string>();
  for (const line of lines) {
    const metadata = /^# (TYPE|UNIT|HELP) (\S+) (.+)$/.exec(line);
    if (metadata !== null) {
      const [, kind = "", name = "", rest = ""] = metadata;
      if (!NAME.test(name)) throw new SyntaxError(`no name: ${line}`);
      if (name !== current) {
        if (families.has(name)) throw new SyntaxError(`family in two places: ${name}`);
        if (kind !== "TYPE") throw new SyntaxError(`TYPE does not come first: ${line}`);
        if (!(rest in SUFFIXES)) throw new SyntaxError(`unknown type: ${line}`);
        families.set(name, { type: rest, unit: null, help: null, samples: [] });
        current = name;
        continue;
      }
      const family = families.get(name);
      if (family === undefined || family.samples.length > 0 || kind === "TYPE") {
        throw new SyntaxError(`metadata out of place: ${line}`);
      }
      if (kind === "UNIT") {
        if (!name.endsWith(`_${rest}`)) throw new SyntaxError(`unit is no suffix: ${line}`);
        families.set(name, { ...family, unit: rest });
      } else {
        families.set(name, { ...family, help: unescape(rest) });
      }
      continue;
    }
    const sample = parseSample(line);
    const family = families.get(current);
    if (family === undefined) throw new SyntaxError(`sample without family: ${line}`);
    if (!(SUFFIXES[family.type] ?? []).some((suffix) => sample.name === current + suffix)) {
      throw new SyntaxError(`sample of another family: ${line}`);
    }
    const identity = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(identity)) throw new SyntaxError(`sample twice: ${line}`);
    seen.add(identity);
    if (family.type === "counter" && !(sample.value >= 0))
      throw new SyntaxError(`negative: ${line}`);
    family.samples.push(sample);
  }
  for (const [name, family] of families)
    if (family.type === "histogram") checkBuckets(name, family);
  return families;
}

function parseSample(line: string): ParsedSample {
  const head = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{|(?= ))/.exec(line);
  if (head === null) throw new SyntaxError(`no sample: ${line}`);
  const [whole, name = "", brace = ""] = head;
  const labels: Record<string, string> = {};
  let rest = line.slice(whole.length);
  if (brace === "{") {
    for (;;) {
      const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"([,}])/.exec(rest);
      if (pair === null) throw new SyntaxError(`bad label: ${line}`);
      const [text, label = "", value = "", end = ""] = pair;
      if (label in labels) throw new SyntaxError(`label twice: ${line}`);
      labels[label] = unescape(value);
      rest = rest.slice(text.length);
      if (end === "}") break;
    }
  }
  const number = /^ (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+Inf|-Inf|NaN)$/.exec(rest)?.[1];
  if (number === undefined) throw new SyntaxError(`no number: ${line}`);
  return { name, labels, value: number.endsWith("Inf") ? Infinity : Number(number) };
}

function unescape(text: string): string {
  if (/(?:^|[^\\])(?:\\\\)*\\(?![\\"n])/.test(text)) throw new SyntaxError(`bad escape: ${text}`);
  return text.replaceAll(/\\([\\"n])/g, (_, char: string) => (char === "n" ? "\n" : char));
}

function checkBuckets(name: string, { samples }: ParsedFamily): void {
  const groups = new Map<string, ParsedSample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(Object.entries(sample.labels).filter(([label]) => label !== "le"));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => labels["le"] ?? "");
    if (bounds.at(-1) !== "+Inf") throw new SyntaxError(`${name} has no +Inf bucket`);
    if (!bounds.slice(0, -1).every((bound) => /^\d+\.\d+$/.test(bound))) {
      throw new SyntaxError(`${name}: bounds are no canonical floats: ${bounds.join()}`);
    }
    const counts = buckets.map(({ value }) => value);
    if (counts.some((count, at) => count < (counts[at - 1] ?? 0))) {
      throw new SyntaxError(`${name}: buckets are not cumulative`);
    }
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    if (count !== counts.at(-1)) throw new SyntaxError(`${name}: count is not the +Inf bucket`);
  }
}
