import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

const METRIC = /\b(?:db_client|nodejs|process|v8js|http_server|dazzle_supervisor)_[a-z0-9_]+/g;
const LABELS = new Set([
  "db_client_connection_pool_name",
  "db_client_connection_state",
  "nodejs_eventloop_state",
  "v8js_heap_space_name",
  "v8js_gc_type",
]);

/** Names as the renderer's sources spell them, with the suffixes that samples get. */
function known(): Set<string> {
  const sources = ["metrics", "metrics-pool", "metrics-runtime"].map((name) =>
    read(`src/control/${name}.ts`),
  );
  const delays = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
    (key) => `nodejs_eventloop_delay_${key}_seconds`,
  );
  const spelled = [...sources, ...delays]
    .join("\n")
    .replaceAll("${PREFIX}", "dazzle_supervisor_pool");
  const names = new Set<string>();
  for (const [name] of spelled.matchAll(METRIC)) {
    for (const suffix of ["", "_total", "_info", "_bucket", "_count", "_sum"])
      names.add(name + suffix);
  }
  names.add("dazzle_supervisor_info");
  return names;
}

test.each(["docs/grafana-dashboard.json", "docs/metrics.md"])(
  "%s names only metrics that there are",
  (path) => {
    const names = known();
    const text = read(path);
    const used = [...text.matchAll(METRIC)].map(([name]) => name.replace(/_$/, ""));
    const unknown = used.filter(
      (name) => !names.has(name) && !LABELS.has(name) && name !== "dazzle_supervisor_pool",
    );
    expect(unknown).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
  },
);
