import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { metaKeys } from "../../src/mcp/protocol.ts";
import type { Wire } from "../mcp-client.ts";
import { listedTool, page, richContent, richMeta, richStructure, richTool } from "../servers/rich.ts";
import { cells, isModern, type Matrix, servers, startMatrix, textOf } from "./matrix.ts";

/** What is carried without being looked at, and the few words that each era has for itself. */
let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix();
});
afterAll(() => matrix.close());

const hop = "io.modelcontextprotocol/";
const hopKeys = (meta: object = {}) => Object.keys(meta).filter((key) => key.startsWith(hop));
const trace = {
  traceparent: "00-11111111111111111111111111111111-1111111111111111-01",
  tracestate: "vendor=1",
  baggage: "user=me",
};

describe.each(cells)("a %s client and a server over %s", (era, server) => {
  const { name, says } = servers[server];
  const cell = () => matrix.cell(era, server);
  const own = `/projects/all/servers/${name}/mcp`;
  const kept = (key: string, value: unknown) => `${JSON.stringify(key)}:${JSON.stringify(value)}`;

  test("trace context and other _meta reach the server, and those of a result come back", async () => {
    const one = await cell().client();
    const _meta = { ...trace, "example.com/mine": [1], [`${hop}foreign`]: "of this hop" };
    const seen = textOf(await one.request("tools/call", { name: `${name}__seen`, arguments: {}, _meta }))._meta;
    expect(seen).toMatchObject({ ...trace, "example.com/mine": [1] });
    expect(hopKeys(seen)).toEqual(
      isModern(server) ? [metaKeys.protocolVersion, metaKeys.clientInfo, metaKeys.clientCapabilities] : [],
    );
    const { _meta: back } = (await cell().call(one, "rich")).result;
    expect(back).toMatchObject({ traceparent: richMeta.traceparent });
    // Whose result it is says who gives it here, not who gave it there.
    expect(hopKeys(back)).toEqual(era === "modern" ? [metaKeys.serverInfo] : []);
    if (era === "modern") expect(back[metaKeys.serverInfo].name).toBe("all");
  });

  test("icons, annotations, unknown fields and contents are the same to the letter", async () => {
    const called = await cell().verbatim("tools/call", { name: `${name}__rich`, arguments: {} });
    for (const part of [kept("content", richContent), kept("structuredContent", richStructure)])
      expect(called).toContain(part);
    expect(called).toContain(JSON.stringify(richMeta).slice(1, -1));
    expect(called).toContain(`,${kept("x-odd", richStructure.odd)}`);
    const shown = { ...richTool(says), name: `${name}__rich` };
    expect(await cell().verbatim("tools/list", {})).toContain(JSON.stringify(shown));
    expect(await cell().verbatim("tools/list", {}, own)).toContain(JSON.stringify(richTool(says)));
  });

  test("structured content that is no object, and its schema, are what the client's era knows", async () => {
    const one = await cell().client();
    const { tools } = (await one.request("tools/list")).result;
    const { outputSchema } = (tools as Wire[]).find((tool) => tool.name === `${name}__listed`);
    const { structuredContent } = (await cell().call(one, "listed")).result;
    expect([structuredContent, outputSchema]).toEqual(
      era === "modern"
        ? [[1, 2], listedTool.outputSchema]
        : [{ result: [1, 2] }, expect.objectContaining({ type: "object", required: ["result"] })],
    );
  });

  test("a page of a tool (MCP Apps) can be read where the tool is, in the project and at its server", async () => {
    for (const [path, tool] of [
      ["/mcp", `${name}__rich`],
      [own, "rich"],
    ] as const) {
      const one = await cell().client({ path });
      const { tools } = (await one.request("tools/list")).result;
      const { uri } = page(says);
      expect((tools as Wire[]).find((each) => each.name === tool)?._meta.ui.resourceUri).toBe(uri);
      expect(((await one.request("resources/list")).result.resources as Wire[]).map((each) => each.uri)).toContain(uri);
      expect(await cell().verbatim("resources/read", { uri }, path)).toContain(kept("contents", [page(says)]));
      // A page calls tools by the server's own names.
      expect((await one.request("tools/call", { name: tool, arguments: {} })).result.isError).toBeUndefined();
      const hello = { protocolVersion: "2025-11-25", capabilities: {} };
      const { capabilities } = (await one.request(era === "modern" ? "server/discover" : "initialize", hello)).result;
      expect(Object.keys(capabilities.extensions)).toContain(`${hop}ui`);
    }
  });

  test("errors: what is unknown has the era's code, a server's own error is its own", async () => {
    const one = await cell().client();
    const code = async (asked: Promise<Wire>) => (await asked).error.code;
    expect(await code(cell().call(one, "nowhere"))).toBe(-32602);
    expect(await code(one.request("prompts/get", { name: `${name}__nothing` }))).toBe(-32602);
    const unknown = era === "modern" ? -32602 : -32002;
    expect(await code(one.request("resources/read", { uri: "nowhere://at/all" }))).toBe(unknown);
    const uri = `fixture://${says}/by-id/none`;
    expect((await one.request("resources/read", { uri })).error).toMatchObject({ code: unknown, data: { uri } });
    const { error } = await cell().call(one, "refuse", { mark: name });
    expect(error).toEqual({ code: -32050, message: "not today", data: { why: name } });
  });
});
