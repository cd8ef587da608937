import { expect, test } from "bun:test";
import { answerOf, bodyOf, textOf } from "../../src/mcp/downstream/answer.ts";
import { dressed } from "../../src/mcp/downstream/dress.ts";
import type { Exchange, May } from "../../src/mcp/downstream/exchange.ts";
import { list } from "../../src/mcp/downstream/list.ts";
import { createReaders } from "../../src/mcp/downstream/readers.ts";
import type { Era } from "../../src/mcp/protocol.ts";

/** A list is kept ready to be sent, and is what it was when it was made of texts. */
const server = { id: "s", name: "s", version: 1, fields: { transport: "http" as const, url: "http://127.0.0.1:9" } };
const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => {
    const shown = `{"name":"t${n}","x":1e400,"description":"ä${"[]".repeat(60)}"}`;
    return { server, name: `t${n}`, key: `t${n}`, text: shown, shown };
  });
type Items = ReturnType<typeof itemsOf>;

function exchange(tools: Items, era: Era, may?: May, policy = "") {
  const view = { items: { tools, prompts: [], resources: [], resourceTemplates: [] }, missing: [] };
  const inbound = { era, params: {} };
  const given = { inbound, view: async () => view, may, policy: () => policy, reaches: () => true };
  return { ...given, own: undefined, shape: async () => undefined } as unknown as Exchange;
}

test.each([
  ["short", 2],
  ["middling", 1_000],
  ["long", 3_000],
])("a %s list goes out whole, in either era, whatever the id is", async (_, count) => {
  const tools = itemsOf(count);
  const readers = createReaders();
  for (const era of ["legacy", "modern"] as const)
    for (const id of ["1", '"[]"', '"\\"[]"']) {
      const outcome = dressed(era, "tools/list", await list(exchange(tools, era), "tools"), '{"name":"us"}');
      const answer = answerOf(id, outcome);
      const sent = await new Response(bodyOf(answer, readers)).text();
      expect(sent).toBe(textOf(answer));
      expect(sent).toStartWith(
        `{"jsonrpc":"2.0","id":${id},"result":{"tools":[${tools.map(({ shown }) => shown).join()}]`,
      );
      const { result } = JSON.parse(sent) as { result: Record<string, unknown> };
      expect(result["resultType"]).toBe(era === "modern" ? "complete" : undefined);
      expect((result["tools"] as unknown[]).length).toBe(count);
    }
  expect(readers.size()).toBe(0);
});

test("who does not read a long list is counted, and can be let go of", async () => {
  const readers = createReaders();
  const tools = itemsOf(10_000);
  const body = bodyOf(answerOf("1", await list(exchange(tools, "legacy"), "tools")), readers);
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  expect(readers.unread()).toBeGreaterThan(1_000_000);
  await reader.cancel();
  expect(readers.size()).toBe(0);
});

test("the same list is the same bytes for everybody, and what one may see is asked once for all who may see the same", async () => {
  const tools = itemsOf(1_000);
  let asked = 0;
  const odd: May = (_, { key }) => {
    asked++;
    return Number(key.slice(1)) % 2 === 1;
  };
  const listed = async (may?: May, policy?: string) => {
    const outcome = await list(exchange(tools, "legacy", may, policy), "tools");
    return "error" in outcome ? undefined : outcome.list;
  };
  expect((await listed())?.bytes).toBe((await listed())?.bytes as Uint8Array);
  const first = await listed(odd, "odd");
  expect(asked).toBe(1_000);
  expect((await listed(odd, "odd"))?.bytes).toBe(first?.bytes as Uint8Array);
  expect(asked).toBe(1_000);
  expect(JSON.parse(first?.text ?? "")).toHaveLength(500);
  // Another policy is another list; so is the same policy over another view.
  expect(JSON.parse((await listed(() => false, "none"))?.text ?? "")).toEqual([]);
  await list(exchange(itemsOf(10), "legacy", odd, "odd"), "tools");
  expect(asked).toBe(1_010);
});
