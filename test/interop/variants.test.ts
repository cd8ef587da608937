import { afterAll, beforeAll, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { everything, type Gateway, startGateway } from "./gateway.ts";

/** The official server shows tools that ask only to clients that can be asked: through the gateway each sees what it sees directly. */
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
}, 90_000);
afterAll(async () => {
  await gateway.close();
}, 20_000);

type Transport = Parameters<Client["connect"]>[0];
const direct = () =>
  new StdioClientTransport({ command: process.execPath, args: ["x", everything], stderr: "ignore" }) as Transport;
const through = () => {
  const requestInit = { headers: { authorization: `Bearer ${gateway.token}` } };
  return new StreamableHTTPClientTransport(new URL(gateway.mcp), { requestInit }) as Transport;
};

async function connected(transport: Transport, capabilities: object): Promise<Client> {
  const client = new Client({ name: "interop", version: "1.0.0" }, { capabilities });
  if ("elicitation" in capabilities)
    client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "decline" as const }));
  await client.connect(transport);
  return client;
}

/** The tools' own names, once there are as many as are wanted, or after a while. */
async function toolsOf(client: Client, wanted = 0): Promise<string[]> {
  let names: string[] = [];
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(200)) {
    const { tools } = await client.listTools();
    names = tools.flatMap(({ name }) => (name.startsWith("near__") ? [] : [name.replace("everything__", "")]));
    if (names.length >= wanted) break;
  }
  return names.sort();
}

const clients: Record<string, object> = {
  nothing: {},
  "forms and pages": { elicitation: { form: {}, url: {} } },
  "all there is": { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
};
const counts: Record<string, number> = {};

test.each(Object.entries(clients))(
  "a client that declares %s",
  async (what, capabilities) => {
    const own = await connected(direct(), capabilities);
    const wanted = await toolsOf(own);
    await own.close();
    const client = await connected(through(), capabilities);
    expect(await toolsOf(client, wanted.length)).toEqual(wanted);
    counts[what] = wanted.length;
    if ("elicitation" in capabilities) {
      const { content } = await client.callTool({ name: "everything__trigger-elicitation-request", arguments: {} });
      expect(JSON.stringify(content)).toContain("declined");
    }
    await client.close();
  },
  60_000,
);

test("they differ", () => {
  expect(counts["nothing"]).toBeLessThan(counts["forms and pages"] ?? 0);
  expect(counts["forms and pages"]).toBeLessThan(counts["all there is"] ?? 0);
});
