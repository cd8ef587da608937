import { expect, test } from "bun:test";
import { capabilitiesFor } from "../../src/mcp/capabilities.ts";
import type { Introduction } from "../../src/mcp/upstream/upstream.ts";

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
