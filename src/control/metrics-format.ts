/**
 * In which format `/metrics` answers: OpenMetrics, unless whoever asks would rather have Prometheus'
 * older text format, which agents and scripts that know no other ask for as `text/plain`.
 */
import type { Answer } from "./answers.js";

const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN = "text/plain; version=0.0.4; charset=utf-8";

/** `text` is OpenMetrics, `accept` the request's header. */
export function metricsAnswer(text: string, accept: string): Answer {
  const openMetrics = preference(accept, "application/openmetrics-text");
  const plain = preference(accept, "text/plain");
  return plain > openMetrics
    ? { status: 200, body: toPlain(text), type: PLAIN }
    : { status: 200, body: text, type: OPENMETRICS };
}

/** The weight that an Accept header gives to a media type: the most specific range counts. */
function preference(accept: string, type: string): number {
  const ranges = new Map(
    accept.split(",").map((part) => {
      const [range = "", ...parameters] = part
        .split(";")
        .map((piece) => piece.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return [range, weight === undefined ? 1 : Number(weight) || 0] as const;
    }),
  );
  const family = `${type.split("/")[0] ?? ""}/*`;
  return ranges.get(type) ?? ranges.get(family) ?? ranges.get("*/*") ?? 0;
}

/** The older format names a counter as its samples are named, and knows neither units nor an end. */
function toPlain(text: string): string {
  const suffixes = new Map<string, string>();
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const [, keyword = "", name = "", rest = ""] = /^# (\w+) ?(\S*) ?(.*)$/.exec(line) ?? [];
    if (keyword === "UNIT" || keyword === "EOF") continue;
    if (keyword === "TYPE") {
      suffixes.set(name, rest === "counter" ? "_total" : rest === "info" ? "_info" : "");
    }
    const full = name + (suffixes.get(name) ?? "");
    if (keyword === "TYPE") lines.push(`# TYPE ${full} ${rest === "info" ? "gauge" : rest}`);
    else if (keyword === "HELP") lines.push(`# HELP ${full} ${rest.replaceAll('\\"', '"')}`);
    else lines.push(line);
  }
  return lines.join("\n");
}
