import { expect, test } from "bun:test";
import { exposition, type Metric, metricValues } from "../../src/operations/exposition.ts";

const metrics: Metric[] = [
  {
    name: "a_total",
    type: "counter",
    help: "one \\ two\nthree",
    samples: [{ labels: { server: 'q"\\\n' }, value: 2 }],
  },
  { name: "b", type: "gauge", help: "empty", samples: [] },
  {
    name: "h",
    type: "histogram",
    help: "spread",
    samples: [
      { ending: "_bucket", labels: { server: "s", le: "+Inf" }, value: 3 },
      { ending: "_count", labels: { server: "s" }, value: 3 },
    ],
  },
  { name: "c", type: "gauge", help: "plain", samples: [{ value: 0.5 }] },
];

test("names, sentences and labels are written so that a reader finds each of them whole", () => {
  expect(exposition(metrics)).toBe(
    [
      "# HELP a_total one \\\\ two\\nthree",
      "# TYPE a_total counter",
      'a_total{server="q\\"\\\\\\n"} 2',
      "# HELP b empty",
      "# TYPE b gauge",
      "# HELP h spread",
      "# TYPE h histogram",
      'h_bucket{server="s",le="+Inf"} 3',
      'h_count{server="s"} 3',
      "# HELP c plain",
      "# TYPE c gauge",
      "c 0.5",
      "",
    ].join("\n"),
  );
});

test("the same as a flat list", () => {
  expect(metricValues(metrics)).toEqual({ 'a_total{server="q\\"\\\\\\n"}': 2, 'h_count{server="s"}': 3, c: 0.5 });
});
