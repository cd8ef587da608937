import { within } from "../lib/wait.ts";
import { type BudgetStatus, budgetOf, budgetStatus } from "../mcp/budget/budget.ts";
import type { Shown } from "../mcp/pipeline/plugin.ts";
import type { Resource } from "../resources/define.ts";
import { type ProjectFields, serverNames } from "../resources/project.ts";
import type { Rooms } from "./rooms.ts";
import { serverRef } from "./status.ts";

/** Whoever asks for a project waits no longer for servers that were never listed, or for its LLM. */
const patienceMs = 500;

/**
 * A project with what its list of tools costs, and what is shown of it: as its last client was given it, else as the next one would be. Without
 * what cannot be told at once.
 */
export async function withToolBudget(rooms: Rooms, item: Resource, servers: readonly Resource[]): Promise<Resource> {
  const toolBudget =
    rooms.proxyModels.budget.status(item.id) ?? (await within(patienceMs, planned(rooms, item, servers)));
  return toolBudget === undefined ? item : { ...item, status: { ...item.status, toolBudget } };
}

async function planned(rooms: Rooms, item: Resource, servers: readonly Resource[]): Promise<BudgetStatus | undefined> {
  const fields = item as unknown as ProjectFields;
  const names = serverNames(fields);
  const named = servers.filter(({ name }) => names.includes(name)).map(serverRef);
  // Of a part of its servers nothing can be said.
  if (named.length === 0 || named.length < names.length) return undefined;
  const view = await rooms.catalog.view({ id: item.id, fields }, await rooms.catalog.entriesOf(named), "project");
  const tools = view.items.tools.map(
    (tool): Shown => ({ name: tool.name, text: tool.shown, server: tool.server.name }),
  );
  const budget = budgetOf(fields.toolBudget);
  const contextTokens = budget === "auto" ? await rooms.llms.of(fields)?.contextTokens() : undefined;
  return budgetStatus({ tools, budget, contextTokens });
}
