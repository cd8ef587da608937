import { expect, test } from "bun:test";
import { capabilitiesFor } from "../../src/mcp/capabilities.ts";
import { type Era, tasksExtension } from "../../src/mcp/protocol.ts";
import type { Introduction } from "../../src/mcp/upstream/upstream.ts";

test("tasks are declared where both sides know them, and nowhere else", () => {
  const ui = "io.modelcontextprotocol/ui";
  const said = (client: Era, server: Era) => {
    const capabilities = { tasks: {}, extensions: { [tasksExtension]: {}, [ui]: {} } };
    const known = { era: server, protocolVersion: "", serverInfo: {}, capabilities };
    const declared = [false, true].map((isSingle) => capabilitiesFor(client, [known], isSingle));
    expect(declared.filter((each) => "tasks" in each)).toEqual([]);
    return declared.map(({ extensions }) => Object.keys(extensions as object));
  };
  expect(said("modern", "modern")).toEqual(Array(2).fill([ui, tasksExtension]));
  for (const [client, server] of [
    ["legacy", "legacy"],
    ["legacy", "modern"],
    ["modern", "legacy"],
  ] as const)
    expect(said(client, server)).toEqual([[ui], [ui]]);
});

const of = (extensions: unknown): Introduction => ({
  era: "modern",
  protocolVersion: "2026-07-28",
  serverInfo: undefined,
  capabilities: { extensions },
});

test("extensions of a project's servers stand together, but none that is a burden to every client", () => {
  const huge = of({ "x/huge": { text: "x".repeat(20_000) } });
  const strange = JSON.parse('{"__proto__":{"tools":1},"x/b":{}}');
  const { extensions } = capabilitiesFor("modern", [of({ "x/a": {} }), huge, of(null), of("x"), of(strange)], false);
  expect(JSON.stringify(extensions)).toBe('{"x/a":{},"x/b":{}}');
});
