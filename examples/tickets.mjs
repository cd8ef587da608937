// A small MCP server over stdio that needs a token, as many do: without one it says so and ends. Run by `node`, with nothing to install.
import { createInterface } from "node:readline";

if (!process.env.TICKETS_TOKEN) {
  console.error("TICKETS_TOKEN is not set: the ticket system lets nobody in without a token.");
  process.exit(1);
}

const tools = [
  {
    name: "find_ticket",
    description: "Finds a ticket by its number",
    inputSchema: { type: "object", properties: { number: { type: "integer" } }, required: ["number"] },
    annotations: { readOnlyHint: true },
  },
];

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "tickets", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools }),
  "tools/call": ({ arguments: { number } = {} }) => ({
    content: [{ type: "text", text: `Ticket ${number}: the printer on the third floor is on fire again.` }],
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const answer = answers[method];
  const outcome = answer
    ? { result: answer(params ?? {}) }
    : { error: { code: -32601, message: `there is no method ${method}` } };
  console.log(JSON.stringify({ jsonrpc: "2.0", id, ...outcome }));
}
