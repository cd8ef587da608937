import { expect, test } from "bun:test";
import {
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import fc from "fast-check";
import type { ListName } from "../../src/mcp/catalog/offer.ts";
import { readable } from "../../src/mcp/catalog/readable.ts";
import { dressedTool } from "../../src/mcp/downstream/dress.ts";

/** The strictest reader that many people have: one wrong member, and it refuses the list. */
const strict: Record<ListName, { safeParse: (value: unknown) => { success: boolean; error?: unknown } }> = {
  tools: ListToolsResultSchema,
  prompts: ListPromptsResultSchema,
  resources: ListResourcesResultSchema,
  resourceTemplates: ListResourceTemplatesResultSchema,
};
const isTaken = (list: ListName, item: string) => strict[list].safeParse({ [list]: [JSON.parse(item)] });

const something = fc.oneof(fc.constant(null), fc.jsonValue({ maxDepth: 2 }));
/** Right, wrong, or not there. */
const perhaps = <T>(right: fc.Arbitrary<T>) => fc.oneof({ weight: 3, arbitrary: right }, something);
const icons = fc.array(
  perhaps(fc.record({ src: perhaps(fc.string()), sizes: perhaps(fc.array(fc.string())), theme: something })),
);
const described = {
  title: perhaps(fc.string()),
  description: perhaps(fc.string()),
  icons: perhaps(icons),
  _meta: perhaps(fc.object({ maxDepth: 0 })),
};
const schema = fc.record(
  {
    type: fc.oneof(fc.constant("object"), fc.constantFrom(null, "string", ["object", "null"], ["string"], 1)),
    properties: perhaps(fc.dictionary(fc.string(), something)),
    required: perhaps(fc.array(perhaps(fc.string()))),
    $defs: something,
  },
  { requiredKeys: [] },
);
const annotations = fc.record(
  {
    audience: perhaps(fc.array(fc.constantFrom("user", "assistant", "nobody"))),
    priority: perhaps(fc.double()),
    lastModified: perhaps(fc.constantFrom("2025-01-12T15:00:58Z", "2025-13-12T15:00:58Z", "today")),
    title: something,
    readOnlyHint: perhaps(fc.boolean()),
  },
  { requiredKeys: [] },
);
const items: Record<ListName, fc.Arbitrary<object>> = {
  tools: record("name", {
    inputSchema: perhaps(schema),
    outputSchema: perhaps(schema),
    annotations: perhaps(annotations),
    execution: perhaps(fc.record({ taskSupport: perhaps(fc.constantFrom("optional", "sometimes")) })),
  }),
  prompts: record("name", {
    arguments: perhaps(fc.array(perhaps(fc.record({ name: perhaps(fc.string()), required: something })))),
  }),
  resources: record("uri", { name: something, size: something, mimeType: something, annotations }),
  resourceTemplates: record("uriTemplate", { name: something, mimeType: something, annotations }),
};

function record(key: string, members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc.record({ ...described, ...members, [key]: fc.string() }, { requiredKeys: [key as never] });
}

test.each(Object.keys(items) as ListName[])("whatever a server lists, a strict client can read its %s", (list) => {
  let [left, taken] = [0, 0];
  fc.assert(
    fc.property(items[list], (item) => {
      const text = JSON.stringify(item);
      const mended = readable(list, text);
      if (mended === undefined) return void left++;
      taken++;
      const { success, error } = isTaken(list, list === "tools" ? asLegacy(mended) : mended);
      expect([success, error]).toEqual([true, undefined]);
      if (isTaken(list, text).success) expect(JSON.parse(mended)).toEqual(JSON.parse(text));
      expect(readable(list, mended)).toBe(mended);
    }),
  );
  expect(taken).toBeGreaterThan(list === "tools" ? 20 : 90);
  expect(left === 0).toBe(list !== "tools");
});

/** What a tool answers may be anything in one era, and is wrapped for clients of the other. */
const asLegacy = (text: string) => dressedTool("legacy", text);
