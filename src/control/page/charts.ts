/** The time series of the overview, drawn by uPlot; exhausted stretches are shaded. */
import uPlot from "./vendor/uPlot.esm.js";
import { h, setText } from "./dom.js";
import { clock, milliseconds } from "./format.js";
import { store } from "./store.js";

/** Columns of a sample, in the order of SAMPLE_FIELDS. */
const COLUMN = {
  time: 0,
  open: 5,
  used: 6,
  waiting: 7,
  limit: 8,
  requests: 9,
  loop: 10,
  exhausted: 11,
};

interface Line {
  readonly label: string;
  readonly column: number;
  /** A custom property of page.css. */
  readonly colour: string;
  readonly dash?: number[];
  readonly fill?: boolean;
  readonly steps?: boolean;
}

interface Definition {
  readonly title: string;
  readonly about: string;
  readonly lines: readonly Line[];
  readonly value: (value: number) => string;
  /** Says in words, too, when a pool was exhausted. */
  readonly marks?: boolean;
  /** The scale is at least this high, so that noise near zero stays small. */
  readonly least: number;
  /** What is counted has no halves. */
  readonly whole?: boolean;
}

const whole = (value: number): string => Math.round(value).toString();

const DEFINITIONS: readonly Definition[] = [
  {
    title: "Waiting for a connection",
    about:
      "How long checkouts of all pools waited, over the last 10 s each. Shaded: a pool is exhausted.",
    lines: [
      { label: "p99", column: 3, colour: "--chart-3", fill: true },
      { label: "p95", column: 2, colour: "--chart-2" },
      { label: "p50", column: 1, colour: "--chart-1" },
    ],
    value: milliseconds,
    marks: true,
    least: 5,
  },
  {
    title: "Connections",
    about: "Of all workers' pools: in use, open, waited for, and the most there may be.",
    lines: [
      { label: "in use", column: COLUMN.used, colour: "--chart-1", fill: true, steps: true },
      { label: "open", column: COLUMN.open, colour: "--chart-4", steps: true },
      { label: "waiting", column: COLUMN.waiting, colour: "--chart-3", steps: true },
      { label: "max", column: COLUMN.limit, colour: "--muted", dash: [4, 4], steps: true },
    ],
    value: whole,
    whole: true,
    least: 5,
  },
  {
    title: "Requests a second",
    about: "Of all workers.",
    lines: [{ label: "requests/s", column: COLUMN.requests, colour: "--chart-1", fill: true }],
    value: whole,
    whole: true,
    least: 5,
  },
  {
    title: "Event loop delay",
    about: "The p99 of the worker that is worst off.",
    lines: [{ label: "p99", column: COLUMN.loop, colour: "--chart-5", fill: true }],
    value: milliseconds,
    least: 20,
  },
];

const HEIGHT = 170;
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((n) => [0, 1, 2, 3, 4, 5].map((power) => n * 10 ** power))
  .sort((a, b) => a - b);

const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The one column without gaps. */
const timesNow = (): number[] => (store.columns[COLUMN.time] ?? []).filter((time) => time !== null);

/** The stretches of time in which a pool was exhausted. */
function exhaustedSpans(
  times: readonly number[],
  flags: readonly (number | null)[],
): [number, number][] {
  const spans: [number, number][] = [];
  times.forEach((time, at) => {
    if (flags[at] !== 1) return;
    const last = spans.at(-1);
    if (last !== undefined && flags[at - 1] === 1) last[1] = time;
    else spans.push([time, time]);
  });
  return spans;
}

const at = (seconds: number): string => clock(new Date(seconds * 1_000).toISOString());

/** The last such stretch in words, and whether it goes on; null when there was none. */
function lastExhausted(): { text: string; now: boolean } | null {
  const times = timesNow();
  const span = exhaustedSpans(times, store.columns[COLUMN.exhausted] ?? []).at(-1);
  if (span === undefined) return null;
  const [from, to] = span;
  const now = to === times.at(-1);
  const text = now ? `exhausted since ${at(from)}` : `exhausted ${at(from)} to ${at(to)}`;
  return { text, now };
}

function shadeExhausted(chart: uPlot): void {
  const { ctx, bbox } = chart;
  const spans = exhaustedSpans(timesNow(), store.columns[COLUMN.exhausted] ?? []);
  ctx.save();
  ctx.fillStyle = colourOf("--shade");
  for (const [from, to] of spans) {
    const left = Math.max(bbox.left, chart.valToPos(from - 0.5, "x", true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(to + 0.5, "x", true));
    if (right > left) ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
  }
  ctx.restore();
}

function optionsOf(definition: Definition, width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colourOf("--muted"),
    grid: { stroke: colourOf("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width,
    height: HEIGHT,
    padding: [8, 26, 0, 0],
    cursor: { sync: { key: "supervise" }, points: { size: 6 } },
    legend: { live: true },
    scales: {
      y: { range: (_chart, _min, max) => [0, Math.max(definition.least, max * 1.1)] },
    },
    axes: [
      { ...axis, size: 30, space: 70, values: "{HH}:{mm}:{ss}" },
      {
        ...axis,
        size: 52,
        values: (_chart, values) => values.map(definition.value),
        ...(definition.whole === true ? { incrs: WHOLE_STEPS } : {}),
      },
    ],
    series: [
      { label: "time", value: "{HH}:{mm}:{ss}" },
      ...definition.lines.map((line) => ({
        label: line.label,
        stroke: colourOf(line.colour),
        width: 1.5,
        points: { show: false },
        ...(line.fill === true ? { fill: `${colourOf(line.colour)}22` } : {}),
        ...(line.dash === undefined ? {} : { dash: line.dash }),
        ...(line.steps === true && stepped !== undefined ? { paths: stepped } : {}),
        value: (_chart: uPlot, value: number | null) =>
          value === null ? "–" : definition.value(value),
      })),
    ],
    hooks: { drawClear: [shadeExhausted] },
  };
}

const dataOf = ({ lines }: Definition): uPlot.AlignedData => [
  timesNow(),
  ...lines.map(({ column }) => store.columns[column] ?? []),
];

export interface Charts {
  readonly element: HTMLElement;
  /** Draws what the store holds; cheap when hidden. */
  draw(): void;
  /** After a change of colours. */
  rebuild(): void;
}

export function createCharts(): Charts {
  const mark = h("span", { class: "tag", hidden: true });
  const showMark = (): void => {
    const last = lastExhausted();
    mark.hidden = last === null;
    mark.className = `tag ${last?.now === true ? "bad" : "warn"}`;
    setText(mark, last?.text ?? "");
  };
  const cards = DEFINITIONS.map((definition) => {
    const place = h("div", { class: "plot" });
    const element = h(
      "section",
      { class: "card chart", title: definition.about },
      h("h2", { class: "title" }, definition.title, definition.marks === true && mark),
      place,
    );
    return { definition, place, element, chart: null as uPlot | null };
  });
  const element = h("div", { class: "charts" }, ...cards.map((card) => card.element));

  const draw = (): void => {
    showMark();
    for (const card of cards) {
      const width = card.place.clientWidth;
      if (width === 0 || store.columns.length === 0) continue;
      if (card.chart === null) {
        card.chart = new uPlot(
          optionsOf(card.definition, width),
          dataOf(card.definition),
          card.place,
        );
      } else {
        if (card.chart.width !== width) card.chart.setSize({ width, height: HEIGHT });
        card.chart.setData(dataOf(card.definition));
      }
      // Without a pointer over it, the legend tells the latest values.
      const latest = (store.columns[COLUMN.time]?.length ?? 0) - 1;
      if (card.chart.cursor.idx == null && latest >= 0) card.chart.setLegend({ idx: latest });
    }
  };
  const rebuild = (): void => {
    for (const card of cards) {
      card.chart?.destroy();
      card.chart = null;
    }
    draw();
  };
  new ResizeObserver(() => draw()).observe(element);
  return { element, draw, rebuild };
}
