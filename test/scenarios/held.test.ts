import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

/** Questions in the middle of a modern client's call, for a legacy server (the call is held) and a modern one (its own state goes along). */
let w: World;
let tokens: Record<string, string> = {};
const old = startStreamingServer({ name: "old", eras: ["legacy"] });
const fresh = startStreamingServer({ name: "fresh", eras: ["modern"] });

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "old", url: old.url },
      { kind: "server", name: "fresh", url: fresh.url },
      { kind: "project", name: "one", servers: ["old", "fresh"] },
      { kind: "project", name: "two", servers: ["old", "fresh"] },
      { kind: "project", name: "found", servers: ["old", "fresh"], toolBudget: "auto" },
    ],
  });
  tokens = await w.tokensFor({ mine: "one", theirs: "one", elsewhere: "two", searching: "found" });
  await w.until("both run", async () => (await w.isRunning("old")()) && (await w.isRunning("fresh")()));
});
afterAll(async () => {
  await w.close();
  await Promise.all([old.stop(), fresh.stop()]);
});

type Asked = { result: { inputRequests: object; requestState: string } };
const asking = { elicitation: { form: {} } };

async function call(token: string, name: string, params: object) {
  // biome-ignore lint/suspicious/noExplicitAny: an answer of every shape.
  return (await (await post(token, name, params)).json()) as any;
}

async function post(token: string, name: string, params: object, accept = "application/json", more: object = {}) {
  const _meta = { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: asking, ...more };
  return await w.fetch(
    new Request(`${w.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tokens[token]}`,
        "content-type": "application/json",
        accept,
        "mcp-protocol-version": modernVersion,
        "mcp-method": "tools/call",
        "mcp-name": name,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, ...params, _meta } }),
    }),
  );
}

const sent = () => old.sent("tools/call").length + fresh.sent("tools/call").length;

describe.each(["old__ask", "fresh__ask"])("%s", (tool) => {
  const first = async (args: object = {}) => (await call("mine", tool, { arguments: args })).result;
  const answersFor = (result: { inputRequests: object }) =>
    Object.fromEntries(Object.keys(result.inputRequests).map((key) => [key, { action: "accept", content: { a: 1 } }]));
  const retry = (
    token: string,
    result: { inputRequests: object; requestState: string },
    args: object = {},
    name: string = tool,
  ) => call(token, name, { arguments: args, inputResponses: answersFor(result), requestState: result.requestState });

  test("is asked once and goes on with the answer", async () => {
    const asked = await first();
    expect([asked.resultType, Object.keys(asked.inputRequests)]).toEqual(["input_required", [expect.any(String)]]);
    const before = sent();
    const done = (await retry("mine", asked)).result;
    expect([done.resultType, JSON.stringify(done.content)]).toEqual(["complete", expect.stringContaining("accept")]);
    // A legacy server's call is held and a modern one's is asked anew, as its era has it.
    expect(sent() - before).toBe(tool.startsWith("old") ? 0 : 1);
  });

  test("called through call_tool, it asks this client as well", async () => {
    const args = { name: tool, arguments: {} };
    const asked = (await call("searching", "call_tool", { arguments: args })).result;
    expect(asked.resultType).toBe("input_required");
    const done = (await retry("searching", asked, args, "call_tool")).result;
    expect([done.resultType, JSON.stringify(done.content)]).toEqual(["complete", expect.stringContaining("accept")]);
  });

  test("a state works once", async () => {
    const asked = await first();
    expect((await retry("mine", asked)).result.resultType).toBe("complete");
    const before = sent();
    expect((await retry("mine", asked)).error.code).toBe(-32602);
    expect(sent()).toBe(before);
  });

  test.each([
    ["another token", "theirs", {}, tool],
    ["another project", "elsewhere", {}, tool],
    ["other arguments", "mine", { more: 1 }, tool],
    ["another tool", "mine", {}, tool.replace("ask", "echo")],
    ["another server's tool", "mine", {}, tool.startsWith("old") ? "fresh__ask" : "old__ask"],
  ] as const)("%s is told that the state is not valid, and nothing is sent", async (_, token, args, name) => {
    const asked = await first();
    const before = sent();
    expect((await retry(token, asked, args, name)).error.code).toBe(-32602);
    expect(sent()).toBe(before);
    // Whoever it was given to can still use it.
    expect((await retry("mine", asked)).result.resultType).toBe("complete");
  });

  test("one letter makes it another, and ten minutes make it void", async () => {
    const asked = await first();
    const { requestState } = asked;
    const at = Math.floor(requestState.length / 2);
    const other = requestState.slice(0, at) + (requestState[at] === "A" ? "B" : "A") + requestState.slice(at + 1);
    expect((await retry("mine", { ...asked, requestState: other })).error.code).toBe(-32602);
    w.advance(10 * 60_000 + 1_000);
    expect((await retry("mine", asked)).error.code).toBe(-32602);
  });

  test("who brings no answer is asked again, with another state", async () => {
    const asked = await first();
    const again = (await call("mine", tool, { arguments: {}, inputResponses: {}, requestState: asked.requestState }))
      .result;
    if (tool.startsWith("fresh")) return;
    expect([again.resultType, Object.keys(again.inputRequests)]).toEqual([
      "input_required",
      Object.keys(asked.inputRequests),
    ]);
    expect(again.requestState).not.toBe(asked.requestState);
    expect((await retry("mine", again)).result.resultType).toBe("complete");
  });
});

test.each([
  ["the one that goes on, not the one that began", { progressToken: "second" }, ["second", "second"]],
  ["nobody, when the one that goes on did not ask for it", {}, []],
])("progress of a held call is told to %s", async (_, meta, expected) => {
  const args = { arguments: { steps: 2 } };
  const begun = await post("mine", "old__ask", args, "application/json", { progressToken: "first" });
  const { inputRequests, requestState } = ((await begun.json()) as Asked).result;
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, { action: "decline" }]));
  const events = "text/event-stream, application/json";
  const goesOn = await post("mine", "old__ask", { ...args, inputResponses, requestState }, events, meta);
  const tokens = [...(await goesOn.text()).matchAll(/"progressToken":"(\w+)"/g)].map(([, token]) => token ?? "");
  expect(tokens).toEqual(expected);
});

test("nothing is kept of calls that ended", async () => {
  const before = w.rooms.gateway.sizes().held;
  const asked = (await call("mine", "old__ask", { arguments: {} })).result;
  expect(w.rooms.gateway.sizes().held).toBe(before + 1);
  const key = Object.keys(asked.inputRequests)[0] ?? "";
  await call("mine", "old__ask", {
    arguments: {},
    inputResponses: { [key]: { action: "decline" } },
    requestState: asked.requestState,
  });
  expect(w.rooms.gateway.sizes().held).toBe(before);
});
