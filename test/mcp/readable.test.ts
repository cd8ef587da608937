import { expect, test } from "bun:test";
import {
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import fc from "fast-check";
import { fetchOffer, type ListName } from "../../src/mcp/catalog/offer.ts";
import { readable } from "../../src/mcp/catalog/readable.ts";
import { dressedTool } from "../../src/mcp/downstream/dress.ts";
import type { Upstream } from "../../src/mcp/upstream/upstream.ts";

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
    lastModified: perhaps(
      fc.constantFrom("2025-01-12T15:00:58Z", "2025-02-30T15:00:58Z", "2025-01-12T24:00:00Z", "today"),
    ),
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

test("a number that is infinite once it is read is left out", () => {
  expect(readable("resources", '{"uri":"a:b","name":"b","size":1e999}')).toBe('{"uri":"a:b","name":"b"}');
});

test("an item that holds a member twice is to us what it is to clients, who take the last", async () => {
  const tools = '[{"name":"a","inputSchema":{"type":"object"},"name":"b","title":"x","title":null},{"name":"c"}]';
  const upstream = { capabilities: { tools: {} }, request: async () => ({ result: `{"tools":${tools}}` }) };
  const offer = await fetchOffer(upstream as unknown as Upstream, AbortSignal.timeout(5_000));
  expect(offer.tools).toEqual([
    {
      key: "b",
      text: '{"name":"b","inputSchema":{"type":"object"},"title":null}',
      readable: '{"name":"b","inputSchema":{"type":"object"}}',
    },
    { key: "c", text: '{"name":"c"}', readable: '{"name":"c","inputSchema":{"type":"object"}}' },
  ]);
});

/** What a tool answers may be anything in one era, and is wrapped for clients of the other. */
const asLegacy = (text: string) => dressedTool("legacy", text);
