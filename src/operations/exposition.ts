/** One name and all that is known under it. */
export type Metric = {
  name: string;
  type: "counter" | "gauge";
  help: string;
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
};

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus' text format, 0.0.4. */
export const exposition = (metrics: readonly Metric[]): string =>
  metrics
    .map(({ name, type, help, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
        `# TYPE ${name} ${type}`,
        ...samples.map(({ labels, value }) => `${keyOf(name, labels)} ${value}`),
      ].join("\n"),
    )
    .join("\n")
    .concat("\n");

/** The same as a flat list, each number under its name and labels. */
export const metricValues = (metrics: readonly Metric[]): Record<string, number> =>
  Object.fromEntries(
    metrics.flatMap(({ name, samples }) => samples.map(({ labels, value }) => [keyOf(name, labels), value])),
  );

function keyOf(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
