import { expect, test } from "bun:test";
import { createChangedLists } from "../../src/mcp/catalog/changed-lists.ts";
import { fetchOffer } from "../../src/mcp/catalog/offer.ts";
import type { ServerRef } from "../../src/mcp/upstream/connections.ts";
import type { Upstream } from "../../src/mcp/upstream/upstream.ts";

const method = "notifications/tools/list_changed";
const server = { id: "s", name: "s" } as ServerRef;

test("a server that says without end that its lists changed is read four times a second, one reading at a time", async () => {
  const ending = new AbortController();
  const told: string[] = [];
  let readings = 0;
  let atOnce = 0;
  let most = 0;
  const lists = createChangedLists(
    async () => {
      readings++;
      most = Math.max(most, ++atOnce);
      // It says so again while it is read, as one that means harm would.
      lists.heard(server, method);
      await Bun.sleep(5);
      atOnce--;
    },
    (_, what) => void told.push(what),
    ending.signal,
  );
  for (let n = 0; n < 10_000; n++) lists.heard(server, n % 2 === 0 ? method : `notifications/x${n}/list_changed`);
  await Bun.sleep(600);
  ending.abort();
  expect(readings).toBeGreaterThan(1);
  expect(readings).toBeLessThanOrEqual(4);
  expect([most, new Set(told)]).toEqual([1, new Set([method])]);
});

test("one that takes long to read is read less often", async () => {
  const ending = new AbortController();
  let readings = 0;
  const lists = createChangedLists(
    async () => {
      readings++;
      lists.heard(server, method);
      await Bun.sleep(60);
    },
    () => {},
    ending.signal,
  );
  lists.heard(server, method);
  await Bun.sleep(550);
  ending.abort();
  expect(readings).toBe(1);
});

test("a list of many big pages is refused rather than kept", async () => {
  let page = 0;
  const big = "x".repeat(5 * 1024 * 1024);
  const upstream = {
    capabilities: { tools: {} },
    request: async () => ({ result: `{"tools":[{"name":"t${++page}","d":"${big}"}],"nextCursor":"${page}"}` }),
  } as unknown as Upstream;
  await expect(fetchOffer(upstream, new AbortController().signal)).rejects.toThrow("over 8 MiB");
  expect(page).toBe(2);
});

test("what a list says word for word as before is not looked at again, and what is too big is shown to nobody", async () => {
  const tools = ['{"name":"a","title":null}', `{"name":"b","description":"${"x".repeat(300 * 1024)}"}`];
  const upstream = {
    capabilities: { tools: {} },
    request: async () => ({ result: `{"tools":[${tools}]}` }),
  } as unknown as Upstream;
  const { signal } = new AbortController();
  const first = await fetchOffer(upstream, signal);
  expect(first.tools.map(({ readable }) => readable)).toEqual(['{"name":"a","inputSchema":{"type":"object"}}', null]);
  tools.push('{"name":"c"}');
  const second = await fetchOffer(upstream, signal, first);
  expect(second.tools.map((tool, n) => tool === first.tools[n])).toEqual([true, true, false]);
});
