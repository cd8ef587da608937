/** One name and all that is known under it. */
export type Metric = {
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  samples: readonly Sample[];
};
/** A histogram's stand under its name and an ending: `_bucket`, `_sum`, `_count`. */
type Sample = { ending?: string; labels?: Readonly<Record<string, string>>; value: number };

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus' text format, 0.0.4. */
export const exposition = (metrics: readonly Metric[]): string =>
  metrics
    .map(({ name, type, help, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
        `# TYPE ${name} ${type}`,
        ...samples.map((sample) => `${keyOf(name, sample)} ${sample.value}`),
      ].join("\n"),
    )
    .join("\n")
    .concat("\n");

/** The same as a flat list, each number under its name and labels; of a histogram the sum and the count. */
export const metricValues = (metrics: readonly Metric[]): Record<string, number> =>
  Object.fromEntries(
    metrics.flatMap(({ name, samples }) =>
      samples.filter(({ ending }) => ending !== "_bucket").map((sample) => [keyOf(name, sample), sample.value]),
    ),
  );

function keyOf(metric: string, { ending = "", labels = {} }: Sample): string {
  const name = metric + ending;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
