/**
 * OpenMetrics 1.0 text: families with their metadata, one after the other, `# EOF` at the end.
 * Prometheus reads the same text.
 */

export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A histogram's samples: cumulative counts at each of the bounds, then all of them. */
export interface HistogramSample {
  readonly labels: Labels;
  readonly cumulative: readonly number[];
  readonly sum: number;
  readonly count: number;
}

interface FamilyHead {
  /** As in the samples, without `_total`; it ends in its unit. */
  readonly name: string;
  readonly unit?: "seconds" | "bytes" | "ratio";
  readonly help: string;
}

export type Family =
  | (FamilyHead & {
      readonly type: "gauge" | "counter" | "info";
      readonly samples: readonly Sample[];
    })
  | (FamilyHead & {
      readonly type: "histogram";
      readonly bounds: readonly number[];
      readonly samples: readonly HistogramSample[];
    });

/** The whole document. A family without samples is left out. */
export function renderOpenMetrics(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const family of families) {
    if (family.samples.length === 0) continue;
    lines.push(`# TYPE ${family.name} ${family.type}`);
    if (family.unit !== undefined) lines.push(`# UNIT ${family.name} ${family.unit}`);
    lines.push(`# HELP ${family.name} ${escapeText(family.help)}`);
    if (family.type === "histogram")
      addHistogram(lines, family.name, family.bounds, family.samples);
    else addSamples(lines, family);
  }
  lines.push("# EOF", "");
  return lines.join("\n");
}

const SUFFIX = { gauge: "", counter: "_total", info: "_info" } as const;

function addSamples(lines: string[], family: Exclude<Family, { type: "histogram" }>): void {
  const name = family.name + SUFFIX[family.type];
  for (const { labels, value } of family.samples) {
    lines.push(`${name}${labelsOf(labels)} ${numberOf(value)}`);
  }
}

function addHistogram(
  lines: string[],
  name: string,
  bounds: readonly number[],
  samples: readonly HistogramSample[],
): void {
  const ends = bounds.map((bound) => `,le="${bucketBound(bound)}"} `);
  for (const { labels, cumulative, sum, count } of samples) {
    const inner = pairsOf(labels);
    const head = `${name}_bucket{${inner}`;
    for (const [at, end] of ends.entries()) lines.push(`${head}${end}${cumulative[at] ?? 0}`);
    lines.push(
      `${name}_bucket{${inner},le="+Inf"} ${count}`,
      `${name}_count{${inner}} ${count}`,
      `${name}_sum{${inner}} ${numberOf(sum)}`,
    );
  }
}

function labelsOf(labels: Labels): string {
  const pairs = pairsOf(labels);
  return pairs === "" ? "" : `{${pairs}}`;
}

/** The same labels stand on many families of a scrape: spelled once. */
const spelled = new WeakMap<Labels, string>();

function pairsOf(labels: Labels): string {
  const known = spelled.get(labels);
  if (known !== undefined) return known;
  const pairs = Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeText(String(value))}"`)
    .join(",");
  spelled.set(labels, pairs);
  return pairs;
}

/** In label values and help texts alike. */
const escapeText = (text: string): string =>
  /[\\"\n]/.test(text)
    ? text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : text;

const numberOf = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
};

/** Bounds are floats in canonical spelling: `1.0`, not `1`. */
const bucketBound = (bound: number): string =>
  Number.isInteger(bound) ? `${bound}.0` : String(bound);
