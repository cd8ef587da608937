import { shareOfTurn } from "../../lib/share.ts";
import type { Shown } from "../pipeline/plugin.ts";
import { parsed } from "./fields.ts";
import { tokensIn } from "./tokens.ts";

/** What a client puts around each definition before its model sees it. */
const around = 8;
const costs = new WeakMap<Shown, number>();

/** Tokens that one tool costs a model: its name, description and arguments. What else a definition holds is for programs. */
export function costOf(tool: Shown): number {
  const known = costs.get(tool);
  if (known !== undefined) return known;
  const { description, inputSchema } = parsed(tool.text);
  const cost = around + tokensIn(JSON.stringify({ name: tool.name, description, parameters: inputSchema }));
  costs.set(tool, cost);
  return cost;
}

export const costOfAll = (tools: readonly Shown[]): number => tools.reduce((sum, tool) => sum + costOf(tool), 0);

/** From now on it is known what each of them costs. To count a thousand takes long, so all others have their turns meanwhile. */
export async function counted(tools: readonly Shown[]): Promise<void> {
  const spent = shareOfTurn();
  for (const tool of tools) {
    costOf(tool);
    await spent();
  }
}
