import { expect, test } from "bun:test";
import { conversation } from "../../src/mcp/upstream/conversation.ts";

test("what was given up before it began is not sent, and nobody waits for it", async () => {
  const sent: string[] = [];
  const { request } = conversation((text) => void sent.push(text));
  const signal = AbortSignal.abort();
  expect(await request("tools/call", "{}", { signal, timeoutMs: 300 }).catch(String)).toContain("the caller went away");
  expect(sent).toEqual([]);
});
