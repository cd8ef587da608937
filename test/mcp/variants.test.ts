import { expect, test } from "bun:test";
import type { Entry } from "../../src/mcp/catalog/catalog.ts";
import type { ListName, Offer } from "../../src/mcp/catalog/offer.ts";
import { createVariants } from "../../src/mcp/catalog/variants.ts";
import type { ServerRef } from "../../src/mcp/upstream/connections.ts";
import { silentLog } from "../log.ts";

const offerOf = (...tools: string[]): Offer => ({
  tools: tools.map((key) => ({ key, text: JSON.stringify({ name: key }) })),
  prompts: [],
  resources: [],
  resourceTemplates: [],
  introduction: { era: "legacy", protocolVersion: "2025-11-25", serverInfo: {}, capabilities: {} },
});
const plain = offerOf("look");
const server = (n: number, more: object = {}): ServerRef => ({
  id: `s${n}`,
  name: `s${n}`,
  version: 1,
  fields: { transport: "http", url: "http://127.0.0.1:9", ...more },
});
const entries = (count: number, more: object = {}): Entry[] =>
  Array.from({ length: count }, (_, n) => ({ server: server(n, more), offer: plain, missing: undefined }));

/** Time stands still but for `pass`; a look at a server ends when `answer` says how. */
function setUp() {
  let now = 1_000_000;
  const looks: { server: string; answer: (offer: Offer | Error) => void }[] = [];
  const told: (readonly ListName[])[] = [];
  const state = { news: "", ended: 0 };
  const clock = { now: () => now };
  const log = silentLog;
  const variants = createVariants({
    read: ({ id }) =>
      new Promise((resolve, reject) => {
        const answer = (offer: Offer | Error) => {
          state.ended++;
          if (offer instanceof Error) reject(offer);
          else resolve(offer);
        };
        looks.push({ server: id, answer });
      }),
    newsOf: () => state.news,
    plainOf: () => plain,
    keep: async (_server, _variant, offer) => offer,
    changed: (_server, lists) => void told.push(lists),
    clock,
    log,
  });
  const tools = async (waitMs = 0, of = entries(1)) =>
    (await variants.of(of, { elicitation: {} }, waitMs)).map(({ offer }) => offer?.tools.map(({ key }) => key).join());
  const pass = (ms: number) => {
    now += ms;
  };
  /** Lets what is under way come to its end. */
  const settled = () => Bun.sleep(5);
  return { variants, looks, told, state, tools, pass, settled };
}

test("two servers are looked at at once, the others in turn", async () => {
  const { looks, state, tools, settled } = setUp();
  await tools(0, entries(5));
  for (let n = 0; n < 5; n++) {
    await settled();
    expect(looks.length - state.ended).toBeLessThanOrEqual(2);
    looks[n]?.answer(offerOf("look", "ask"));
  }
  await settled();
  expect(looks).toHaveLength(5);
  expect(await tools(0, entries(5))).toEqual(Array.from({ length: 5 }, () => "look,ask"));
});

test("whoever was answered without it is told, whoever waited is not", async () => {
  const { looks, told, tools, settled } = setUp();
  const waiting = tools(1_000);
  await settled();
  looks[0]?.answer(offerOf("look", "ask"));
  expect(await waiting).toEqual(["look,ask"]);
  expect(told).toEqual([[]]);
  const late = setUp();
  expect(await late.tools(1)).toEqual(["look"]);
  late.looks[0]?.answer(offerOf("look", "ask"));
  await settled();
  expect(late.told).toEqual([["tools"]]);
});

test("nothing is kept of one that does not differ", async () => {
  const { variants, looks, told, tools, settled } = setUp();
  await tools();
  looks[0]?.answer(offerOf("look"));
  await settled();
  expect(variants.differing("s0")).toEqual([]);
  expect(await variants.of(entries(1), { elicitation: {} }, 0)).toEqual(entries(1));
  expect([looks.length, told.length]).toEqual([1, 0]);
});

test("a server that cannot be looked at is left alone, each time for longer", async () => {
  const { looks, tools, pass, settled } = setUp();
  await tools();
  looks[0]?.answer(new Error("only one of me may run"));
  await settled();
  pass(10_000);
  expect(await tools()).toEqual(["look"]);
  await settled();
  expect(looks).toHaveLength(2);
  looks[1]?.answer(new Error("still"));
  await settled();
  pass(10_000);
  await tools(50);
  await settled();
  expect(looks).toHaveLength(2);
});

test("it is read again after news and when it is old, behind the answer, and less often when that brings nothing", async () => {
  const { looks, told, state, tools, pass, settled } = setUp();
  const read = async (...names: string[]) => {
    await settled();
    looks.at(-1)?.answer(offerOf(...names));
    await settled();
  };
  await tools();
  await read("look", "ask");
  await tools();
  expect(looks).toHaveLength(1);
  pass(61 * 60_000);
  expect(await tools(1_000)).toEqual(["look,ask"]);
  await read("look", "ask", "tell");
  expect([looks.length, told.at(-1)]).toEqual([2, ["tools"]]);
  for (const [n, ms] of [5_000, 10_000, 20_000].entries()) {
    state.news += "x";
    pass(ms);
    expect(await tools(1_000)).toEqual(["look,ask,tell"]);
    await read("look", "ask", "tell");
    expect([looks.length, told.length]).toEqual([3 + n, 2]);
  }
  state.news += "x";
  pass(20_000);
  await tools();
  await settled();
  expect(looks).toHaveLength(5);
});

test("news that come while it is read are read for anew", async () => {
  const { looks, state, tools, pass, settled } = setUp();
  await tools();
  await settled();
  state.news = "later";
  looks[0]?.answer(offerOf("look", "ask"));
  await settled();
  pass(5_000);
  await tools();
  await settled();
  expect(looks).toHaveLength(2);
});

test("what another program offered is not shown as this one's", async () => {
  const { looks, tools, settled } = setUp();
  await tools(0, entries(1, { url: undefined, command: ["one"] }));
  looks[0]?.answer(offerOf("look", "ask"));
  await settled();
  expect(await tools(0, entries(1, { url: undefined, command: ["one"] }))).toEqual(["look,ask"]);
  expect(await tools(0, entries(1, { url: undefined, command: ["other"] }))).toEqual(["look"]);
});
