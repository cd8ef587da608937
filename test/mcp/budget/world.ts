import fc from "fast-check";
import { Problem } from "../../../src/lib/problem.ts";
import type { PluginContext, Shown, VirtualTool } from "../../../src/mcp/pipeline/plugin.ts";
import { silentLog } from "../../log.ts";

type Written = { description?: string; title?: string; inputSchema?: object };

/** A tool as the gateway shows it. */
export const shown = (server: string | undefined, own: string, written: Written = {}): Shown => {
  const name = server === undefined ? own : `${server}__${own}`;
  return { name, server, text: JSON.stringify({ name, inputSchema: { type: "object" }, ...written }) };
};

/** What the tools ask of a context, and what they did with it. */
export function contextFor(tools: readonly Shown[], also: Partial<PluginContext> = {}) {
  const called: { name: string; argumentsText: string }[] = [];
  const registered: VirtualTool[] = [];
  const context = {
    identity: { id: "caller", isSession: false },
    project: { id: "project", name: "demo" },
    llm: undefined,
    log: silentLog,
    discover: () => Promise.resolve(tools),
    callTool: (name: string, argumentsText: string) => {
      // As the gateway, which refuses and records what is not open to the caller.
      if (!tools.some((tool) => tool.name === name)) return Promise.reject(new Problem("unavailable", "refused"));
      called.push({ name, argumentsText });
      return Promise.resolve(answer);
    },
    registerTool: (tool: VirtualTool) => void registered.push(tool),
    ...also,
  } as unknown as PluginContext;
  return { context, called, registered };
}
export const answer =
  '{"content":[{"type":"text","text":"no"}],"structuredContent":{"big":12345678901234567890},"isError":true}';

const word = fc.constantFrom(
  ..."list get create delete update search file folder issue message email page user branch deploy invoice chart query".split(
    " ",
  ),
);
const name = fc.oneof(
  fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("_")),
  fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() === text && text !== ""),
);
/** Lists with all that a server may write, no name twice. */
export const lists = fc.uniqueArray(
  fc
    .record({
      server: fc.constantFrom("github", "files", "mail", "wiki"),
      own: name,
      description: fc.oneof(
        fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
        fc.string({ maxLength: 40 }),
      ),
      schema: fc.oneof(
        fc.constant({ type: "object" }),
        fc
          .dictionary(word, fc.record({ description: fc.string() }))
          .map((properties) => ({ type: "object", properties })),
        fc.jsonValue({ maxDepth: 2 }),
      ),
    })
    .map(({ server, own, description, schema }) => shown(server, own, { description, inputSchema: schema as object })),
  { selector: (tool) => tool.name, maxLength: 12 },
);
export const queries = fc.oneof(
  fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" ")),
  fc.string(),
);
