import { expect, test } from "bun:test";
import { dialogue } from "../../../src/mcp/upstream/dialogue.ts";

test("what was given up before it began is not sent, and nobody waits for it", async () => {
  const sent: string[] = [];
  const { request } = dialogue({
    hear: () => {},
    request: ({ text }) => void sent.push(text),
    post: async (text) => void sent.push(text),
    cancelsBy: "message",
    close: () => {},
  });
  const signal = AbortSignal.abort();
  expect(await request("tools/call", "{}", { signal, timeoutMs: 300 }).catch(String)).toContain("the caller went away");
  expect(sent).toEqual([]);
});
