import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Wire } from "../mcp-client.ts";
import { cells, type Matrix, servers, startMatrix, textOf } from "./matrix.ts";

let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix();
});
afterAll(() => matrix.close());

describe.each(cells)("a %s client and a server over %s", (era, server) => {
  const { name, says } = servers[server];
  const cell = () => matrix.cell(era, server);
  const client = (options: object = {}) => cell().client(options);
  const call = (...given: Parameters<ReturnType<typeof cell>["call"]>) => cell().call(...given);

  test("tools, prompts, resources, templates, completion", async () => {
    const one = await client();
    const { tools } = (await one.request("tools/list")).result;
    expect((tools as Wire[]).map((tool) => tool.name)).toContain(`${name}__echo`);
    expect(textOf(await call(one, "echo", { text: "hi" }))).toBe("hi");
    const { prompts } = (await one.request("prompts/list")).result;
    expect((prompts as Wire[]).map((prompt) => prompt.name)).toContain(`${name}__greet`);
    expect((await one.request("prompts/get", { name: `${name}__greet` })).result.messages).toHaveLength(1);
    const { resources } = (await one.request("resources/list")).result;
    const { uri } = (resources as Wire[]).find(({ uri: at }) => !at.startsWith("mcpctl:")) ?? {};
    expect((await one.request("resources/read", { uri })).result.contents).toHaveLength(1);
    expect((await one.request("resources/templates/list")).result.resourceTemplates).not.toEqual([]);
    const ref = { type: "ref/prompt", name: `${name}__greet` };
    const completed = await one.request("completion/complete", { ref, argument: { name: "a", value: "b" } });
    expect(completed.result.completion.values).toHaveLength(1);
  });

  test.each(["form", "page", "sample", "roots"])("asks the client: %s", async (kind) => {
    const one = await client();
    const expected = { form: "accept", page: "accept", sample: "sampled", roots: "file:///here" }[kind] ?? "";
    expect(JSON.stringify(textOf(await call(one, "ask", { for: kind })))).toContain(expected);
    expect(one.asked).toHaveLength(1);
    expect(JSON.stringify(one.asked)).not.toContain("progressToken");
  });

  test("a client that said nothing of it is not asked, and the call is answered", async () => {
    const one = await client({ capabilities: {} });
    const answered = await call(one, "ask");
    expect(one.asked).toEqual([]);
    expect(answered.result !== undefined || answered.error !== undefined).toBe(true);
    expect(JSON.stringify(answered)).not.toContain("accept");
  });

  test("progress comes with the client's own token", async () => {
    const one = await client();
    await call(one, "progress", { steps: 3, ms: 20, mark: "here" }, { progressToken: "mine-1" });
    const told = one.heard.filter(({ method }) => method === "notifications/progress");
    expect(told.map(({ params }) => [params.progressToken, params.message])).toEqual(
      Array.from({ length: 3 }, () => ["mine-1", "here"]),
    );
  });

  test("log messages come from the level that was asked for, and none when none was", async () => {
    const one = await client({ logLevel: "warning" });
    await call(one, "log", { mark: "loud", ms: 50 });
    const levels = one.heard
      .filter(({ method }) => method === "notifications/message")
      .map(({ params }) => params.level);
    expect(levels).toEqual(["warning"]);
    const quiet = await client();
    await call(quiet, "log", { mark: "quiet", ms: 50 });
    expect(quiet.heard).toEqual([]);
  });

  test("cancelling reaches the server", async () => {
    const one = await client();
    const giveUp = new AbortController();
    const waiting = call(one, "wait", { ms: 5_000 }, { signal: giveUp.signal }).catch(() => undefined);
    await Bun.sleep(150);
    const before = performance.now();
    giveUp.abort();
    await waiting;
    expect(performance.now() - before).toBeLessThan(2_000);
    if (server === "HTTP, modern") await matrix.w.until("its stream is closed", () => matrix.modernWeb.aborted() > 0);
    else
      await matrix.w.until("it is told", async () => {
        const seen = textOf(await call(one, "seen"));
        return seen.cancelled.length > 0 || seen.methods.includes("notifications/cancelled");
      });
  });

  test("a list that changed, and a resource that did", async () => {
    const one = await client({ capabilities: {} });
    // Offered by no other server.
    const known = `fixture://${says}/one`;
    await one.listen([known]);
    await call(one, "change");
    await matrix.w.until("the list's change is told", () =>
      one.heard.some(({ method }) => method === "notifications/tools/list_changed"),
    );
    await call(one, "touch", { uri: known });
    await matrix.w.until("the resource's change is told", () =>
      one.heard.some(({ method, params }) => method === "notifications/resources/updated" && params.uri === known),
    );
    one.close();
  });
});
