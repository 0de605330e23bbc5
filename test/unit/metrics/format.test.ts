import { expect, test } from "vitest";
import { metricsAnswer } from "../../../src/control/metrics-format.js";
import { renderOpenMetrics } from "../../../src/control/openmetrics.js";

const text = renderOpenMetrics([
  { name: "made", type: "counter", help: 'How "many".', samples: [{ labels: { a: 1 }, value: 2 }] },
  { name: "up", type: "info", help: "What.", samples: [{ labels: { version: "1" }, value: 1 }] },
  {
    name: "took_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Time.",
    bounds: [1],
    samples: [{ labels: { a: 1 }, cumulative: [1], sum: 0.5, count: 1 }],
  },
]);

test.each([
  ["nothing", ""],
  ["anything", "*/*"],
  [
    "what Prometheus asks for",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
  ],
  ["something else", "application/json"],
])("asked for %s, it answers OpenMetrics", (_what, accept) => {
  expect(metricsAnswer(text, accept)).toEqual({
    status: 200,
    body: text,
    type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  });
});

test.each(["text/plain", "text/plain; version=0.0.4", "text/*, */*;q=0.1"])(
  "asked for %s, it answers in the older format, which names counters as their samples",
  (accept) => {
    expect(metricsAnswer(text, accept)).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4; charset=utf-8",
      body: `# TYPE made_total counter
# HELP made_total How "many".
made_total{a="1"} 2
# TYPE up_info gauge
# HELP up_info What.
up_info{version="1"} 1
# TYPE took_seconds histogram
# HELP took_seconds Time.
took_seconds_bucket{a="1",le="1.0"} 1
took_seconds_bucket{a="1",le="+Inf"} 1
took_seconds_count{a="1"} 1
took_seconds_sum{a="1"} 0.5
`,
    });
  },
);
