/** What a CPU profile holds, as the tools of browsers read it. */
export type Profile = {
  nodes: readonly {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
    children?: readonly number[];
  }[];
  samples: readonly number[];
};
type Node = Profile["nodes"][number];

/** The functions that most samples were in, alone and with what they called, as a table in Markdown; idle ones left out. */
export function topOf({ nodes, samples }: Profile, count: number, root: string): string {
  const own = new Map<number, number>();
  for (const id of samples) own.set(id, (own.get(id) ?? 0) + 1);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const total = samples.filter((id) => !isIdle(byId.get(id))).length;
  const [alone, within] = [new Map<string, number>(), new Map<string, number>()];
  const add = (to: Map<string, number>, name: string, more: number) => to.set(name, (to.get(name) ?? 0) + more);

  /** Samples below a node; a function that stands above itself is counted once. */
  function walk(node: Node, above: ReadonlySet<string>): number {
    const name = nameOf(node, root);
    const deeper = above.has(name) ? above : new Set([...above, name]);
    const self = own.get(node.id) ?? 0;
    const all = (node.children ?? []).reduce((sum, id) => {
      const child = byId.get(id);
      return child === undefined ? sum : sum + walk(child, deeper);
    }, self);
    if (isIdle(node)) return 0;
    add(alone, name, self);
    if (!above.has(name)) add(within, name, all);
    return all;
  }
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  for (const node of nodes) if (!children.has(node.id)) walk(node, new Set());

  const percent = (part: number) => `${((100 * part) / total).toFixed(1)} %`;
  const rows = [...alone]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, self]) => `| ${percent(self)} | ${percent(within.get(name) ?? self)} | ${name} |`);
  return `${["| alone | with what it calls | function |", "|---|---|---|", ...rows].join("\n")}\n`;
}

const isIdle = (node: Node | undefined): boolean =>
  ["(idle)", "(root)", "(program)"].includes(node?.callFrame.functionName ?? "");

function nameOf({ callFrame: { functionName, url, lineNumber } }: Node, root: string): string {
  const name = `\`${functionName === "" ? "(anonymous)" : functionName}\``;
  const file = url
    .replace("file://", "")
    .replace(/^.*\/node_modules\//, "")
    .replace(`${root}/`, "");
  return file === "" || lineNumber < 0 ? name : `${name} ${file}:${lineNumber + 1}`;
}
