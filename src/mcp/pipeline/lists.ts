import { isSearchTool } from "../budget/search-tools.ts";
import type { Listed, NamedTarget } from "../catalog/view.ts";
import type { Shown } from "./plugin.ts";
import type { Shaped } from "./shape.ts";
import { offered, shownTool } from "./tool-list.ts";

export type ShownItem = { shown: string };
export type OtherItem = ShownItem & { name: string; server?: NamedTarget["server"] };

/** What a client is shown of the lists: the servers' own, what plugins make of them, and what of that a model has room for. */
export function listsOf({ options, served, model: { hooks }, identity, context, hook, answers }: Shaped) {
  let isListing = false;

  const serverTools = (items: readonly Listed[]): readonly Shown[] =>
    offered(items, (server) => answers.pipelineOf(server)?.appliesTo.includes("toolResult") === true);

  async function hooked(items: readonly Listed[]): Promise<readonly Shown[]> {
    const theirs = serverTools(items);
    const taken = new Set(theirs.map(({ name }) => name));
    // Those that search stand where the budget puts them.
    const own = [...identity.tools.values()].filter((tool) => !taken.has(tool.name) && !isSearchTool(tool));
    const all = own.length === 0 ? theirs : [...own.map(shownTool), ...theirs];
    if (hooks.onToolsList === undefined) return all;
    isListing = true;
    return await hook("onToolsList", () => hooks.onToolsList?.(context, all), all).finally(() => {
      isListing = false;
    });
  }

  /** Of a list without servers' tools, as before a closed gate, there is nothing to leave out. */
  async function afforded(tools: readonly Shown[]): Promise<readonly Shown[]> {
    if (!tools.some(isOfServer)) return tools;
    return (await options.budget.planFor(context, tools, context.project.fields))?.shown ?? tools;
  }

  return {
    tools: async (items: readonly Listed[]): Promise<readonly ShownItem[]> =>
      (await afforded(await hooked(items))).map(({ text }) => ({ shown: text })),
    /** The servers' tools. A hook that is making the list and asks for them is given what it makes it of. */
    discover: async (): Promise<readonly Shown[]> =>
      isListing ? await serverTools(await served.tools()) : (await hooked(await served.tools())).filter(isOfServer),
    async others(list: "prompts" | "resources", items: readonly OtherItem[]): Promise<readonly ShownItem[]> {
      const name = list === "prompts" ? "onPromptsList" : "onResourcesList";
      const given = hooks[name];
      if (given === undefined) return items;
      const all: readonly Shown[] = items.map((item) => ({
        name: item.name,
        text: item.shown,
        server: item.server?.name,
      }));
      return (await hook(name, () => given(context, all), all)).map(({ text }) => ({ shown: text }));
    },
  };
}

const isOfServer = ({ server }: Shown): boolean => server !== undefined;
