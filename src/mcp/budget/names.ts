import type { Shown } from "../pipeline/plugin.ts";
import { ownName } from "./fields.ts";

/** Above any score of words. */
const bonus = { exact: 3e6, alike: 2e6, own: 1e6 } as const;

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");

/** Who is called by its name comes first: by the whole of it, as `server/tool`, or by its own without the server's; each letter for letter, or nearly. */
export function namesOf(tools: readonly Shown[]): (query: string) => readonly [tool: number, bonus: number][] {
  const byName = new Map<string, Map<number, number>>();
  const put = (name: string, tool: number, worth: number) => {
    const there = byName.get(name) ?? new Map<number, number>();
    byName.set(name, there.set(tool, Math.max(worth, there.get(tool) ?? 0)));
  };
  for (const [at, tool] of tools.entries()) {
    const own = ownName(tool);
    put(tool.name, at, bonus.exact);
    put(plain(tool.name), at, bonus.alike);
    if (own === tool.name) continue;
    put(`${tool.server}/${own}`, at, bonus.alike);
    put(own, at, bonus.own);
    put(plain(own), at, bonus.own);
  }
  return (query) => {
    const name = query.trim();
    if (plain(name) === "" && !byName.has(name)) return [];
    return [...(byName.get(name) ?? byName.get(plain(name)) ?? [])];
  };
}
