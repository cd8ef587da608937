import type { Listed } from "../catalog/view.ts";
import type { Shown, VirtualTool } from "./plugin.ts";
import { withPartArguments } from "./results/part-arguments.ts";

const offers = new WeakMap<readonly Listed[], { parts: string; shown: readonly Shown[] }>();

/** The servers' tools, those whose answers may come in parts with the arguments for that. The same list again for as long as nothing changed. */
export function offered(items: readonly Listed[], comesInParts: (server: string) => boolean): readonly Shown[] {
  const servers = new Set([...new Set(items.map(({ server }) => server.name))].filter(comesInParts));
  const parts = [...servers].join();
  const found = offers.get(items);
  if (found?.parts === parts) return found.shown;
  const shown = items.map(({ name, shown: text, server }) => ({
    name,
    text: servers.has(server.name) ? withPartArguments(text) : text,
    server: server.name,
  }));
  offers.set(items, { parts, shown });
  return shown;
}

type OwnTool = Pick<VirtualTool, "name" | "description" | "inputSchema">;
const ownOnes = new WeakMap<OwnTool, Shown>();

/** A tool that no server offers, as an entry of a list. */
export function shownTool(tool: OwnTool): Shown {
  const known = ownOnes.get(tool);
  if (known !== undefined) return known;
  const { name, description, inputSchema } = tool;
  const shown = { name, text: JSON.stringify({ name, description, inputSchema }), server: undefined };
  ownOnes.set(tool, shown);
  return shown;
}
