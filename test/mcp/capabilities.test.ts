import { expect, test } from "bun:test";
import { capabilitiesFor } from "../../src/mcp/capabilities.ts";
import { type Era, tasksExtension } from "../../src/mcp/protocol.ts";

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
