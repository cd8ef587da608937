import { dialects } from "./dialects.ts";

/** A tool as an agent offers it to its model. */
export type Offered = { name: string; namespace?: string };
/** What the model does next: demand a tool, or say something. */
export type Step = { call: Offered & { args: object } } | { text: string };
/** What it is to demand: the tool whose name fits, in whatever way the agent spells it. */
export type Demand = { tool: RegExp; args: object };

/**
 * A model on loopback, for agents that would need an account for one: it demands one tool after another and then repeats the last result. Where
 * an agent hides tools behind its own search, it searches first.
 */
export function startModel(demands: readonly Demand[]) {
  const offered = new Set<string>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const dialect = dialects.find(({ path }) => path.test(pathname));
      if (request.method !== "POST" || dialect === undefined) return Response.json({ data: [], models: [] });
      const body = (await request.json()) as Record<string, unknown>;
      const tools = dialect.tools(body);
      for (const { name } of tools) offered.add(name);
      const { whole, events } = dialect.answer(nextStep(tools, dialect.results(body), demands));
      return body["stream"] === true || pathname.includes(":stream") ? eventStream(events) : Response.json(whole);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, offered, stop: () => server.stop(true) };
}

function nextStep(tools: readonly Offered[], results: readonly string[], demands: readonly Demand[]): Step {
  const search = tools.find(({ name }) => name === "ToolSearch");
  const demand = demands[results.length - (search === undefined ? 0 : 1)];
  if (search !== undefined && results.length === 0)
    return { call: { ...search, args: { query: "echo", max_results: 20 } } };
  const tool = tools.find(({ name }) => demand?.tool.test(name) === true);
  // Side errands, such as finding a title, offer no tools.
  if (demand === undefined || tool === undefined) return { text: `done: ${results.at(-1) ?? ""}` };
  return { call: { ...tool, args: demand.args } };
}

function eventStream(events: readonly [string, object | string][]): Response {
  const text = events.map(([event, data]) => {
    const line = `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
    return event === "" ? line : `event: ${event}\n${line}`;
  });
  return new Response(text.join(""), { headers: { "content-type": "text/event-stream" } });
}
