import type { Shown } from "../pipeline/plugin.ts";

const most = { lists: 32, characters: 16_000_000 } as const;
const kept = new Map<string, { tools: readonly Shown[]; size: number }>();
let characters = 0;

/**
 * The list itself, or one that came before and says the same. Lists are made anew for every request of a caller who may not use all tools; what was
 * computed for such a list is found by this one.
 */
export function settled(tools: readonly Shown[]): readonly Shown[] {
  const size = tools.reduce((sum, { text }) => sum + text.length, 0);
  const key = JSON.stringify([tools.length, size, tools[0]?.name, tools.at(-1)?.name]);
  const known = kept.get(key);
  if (known !== undefined) forget(key, known.size);
  const same = known !== undefined && isSame(known.tools, tools) ? known.tools : tools;
  kept.set(key, { tools: same, size });
  characters += size;
  for (const [oldest, { size: of }] of kept) {
    if (kept.size <= most.lists && characters <= most.characters) break;
    forget(oldest, of);
  }
  return same;
}

function forget(key: string, size: number): void {
  kept.delete(key);
  characters -= size;
}

const isSame = (a: readonly Shown[], b: readonly Shown[]): boolean =>
  a === b ||
  a.every((tool, at) => {
    const other = b[at];
    return tool === other || (tool.name === other?.name && tool.server === other.server && tool.text === other.text);
  });
