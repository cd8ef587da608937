import { expect, test } from "bun:test";
import { besideServers } from "../../../src/mcp/prompts/served.ts";
import { shelfWorld } from "./shelf-world.ts";

test("a project's prompts are MCP prompts and resources of that project alone", async () => {
  using w = await shelfWorld();
  await w.put("project", "demo", { servers: [] });
  await w.put("project", "other", { servers: [] });
  await w.put("prompt", "style", { project: "demo", priority: 7, content: "# Ours\n\nBe brief.", description: "How" });
  await w.put("prompt", "tone", { priority: 5, content: "Be kind." });
  await w.put("prompt", "gate-index", { project: "mcpctl-system", priority: 5, content: "ours alone" });
  const changed = await w.changed("prompt", "project");
  expect(changed).toHaveLength(2);
  const { served } = w;
  expect(served.ownPrompts("demo").map(({ text }) => JSON.parse(text))).toEqual([
    { name: "style", description: "How" },
    { name: "tone", description: "Be kind." },
  ]);
  expect(served.ownPrompts("other").map(({ name }) => name)).toEqual(["tone"]);
  expect(served.ownPrompts("nowhere")).toEqual([]);
  expect(JSON.parse(served.ownResources("demo")[0]?.text ?? "")).toEqual({
    uri: "mcpctl://prompts/demo/style",
    name: "style",
    description: "How",
    mimeType: "text/markdown",
    size: 17,
    annotations: { audience: ["assistant"], priority: 0.7 },
  });
  expect(JSON.parse(await served.getOwnPrompt("demo", "style"))).toEqual({
    description: "How",
    messages: [{ role: "user", content: { type: "text", text: "# Ours\n\nBe brief." } }],
  });
  expect(JSON.parse(await served.readOwnResource("other", "mcpctl://prompts/other/tone"))).toEqual({
    contents: [{ uri: "mcpctl://prompts/other/tone", mimeType: "text/markdown", text: "Be kind." }],
  });
  expect(served.ownsUri("other", "mcpctl://prompts/demo/style")).toBe(false);
  expect(served.hasPrompt("other", "style")).toBe(false);
  for (const [project, uri] of [
    ["other", "mcpctl://prompts/demo/style"],
    ["demo", "mcpctl://prompts/mcpctl-system/gate-index"],
    ["demo", "mcpctl://prompts/demo/gate-index"],
    ["mcpctl-system", "mcpctl://prompts/mcpctl-system/gate-index"],
  ] as const)
    expect(served.readOwnResource(project, uri)).rejects.toMatchObject({ code: "not_found" });
});

test("a text that went to another project meanwhile is not read from the old shelf", async () => {
  using w = await shelfWorld();
  await w.put("project", "demo", { servers: [] });
  const id = await w.put("prompt", "style", { project: "demo", priority: 5, content: "ours" });
  await w.changed("prompt", "project");
  await w.change("prompt", id, { project: "other", priority: 5, content: "theirs" });
  expect(w.shelf.read("demo", "style")).rejects.toMatchObject({ code: "not_found" });
});

test("only projects whose shelf is another one are told of", async () => {
  using w = await shelfWorld();
  const [demo, other] = [
    await w.put("project", "demo", { servers: [] }),
    await w.put("project", "other", { servers: [] }),
  ];
  await w.changed("project");
  const own = await w.put("prompt", "style", { project: "demo", priority: 5, content: "a" });
  expect(await w.changed("prompt")).toEqual([demo]);
  const common = await w.put("prompt", "style", { priority: 5, content: "b" });
  expect(await w.changed("prompt")).toEqual([other]);
  expect([await w.shelf.read("demo", "style"), await w.shelf.read("other", "style")]).toEqual(["a", "b"]);
  await w.remove(own);
  expect(await w.changed("prompt")).toEqual([demo]);
  expect(await w.shelf.read("demo", "style")).toBe("b");
  await w.change("prompt", common, { priority: 9, content: "c" });
  expect(await w.changed("prompt")).toEqual([demo, other]);
  expect(await w.changed("prompt")).toEqual([]);
});

test("a prompt that has the name of a server's stays out of the list, with the reason", () => {
  const own = ["greet", "style"].map((name) => ({ name, text: "{}" }));
  expect(besideServers(own, new Set(["greet"]))).toEqual({
    listed: [{ name: "style", text: "{}" }],
    leftOut: [{ server: "mcpctl", reason: "the project's prompt \"greet\" has the name of a server's prompt" }],
  });
});

test("what changed is read alone; what is new, gone or moved besides is found all the same", async () => {
  using w = await shelfWorld();
  const demo = await w.put("project", "demo", { servers: [] });
  const other = await w.put("project", "other", { servers: [] });
  const tone = await w.put("prompt", "tone", { priority: 5, content: "Be kind." });
  const style = await w.put("prompt", "style", { project: "demo", priority: 5, content: "Be brief." });
  const names = (project: string) => w.served.ownPrompts(project).map(({ name }) => name);
  expect((await w.changedAlone("prompt", tone)).toSorted()).toEqual([demo, other].toSorted());
  expect(names("demo")).toEqual(["style", "tone"]);

  await w.change("prompt", style, { project: "demo", priority: 5, content: "Be briefer.", description: "Short" });
  expect(await w.changedAlone("prompt", style)).toEqual([demo]);
  expect(JSON.parse(w.served.ownPrompts("demo")[0]?.text ?? "")).toEqual({ name: "style", description: "Short" });
  expect(JSON.parse(await w.served.getOwnPrompt("demo", "style")).messages[0].content.text).toBe("Be briefer.");

  // An own one hides the other of its name from the one project, and nobody else hears of it.
  const own = await w.put("prompt", "tone", { project: "demo", priority: 5, content: "Be ours." });
  expect(await w.changedAlone("prompt", own)).toEqual([demo]);
  await w.change("prompt", tone, { priority: 6, content: "Be kinder." });
  expect(await w.changedAlone("prompt", tone)).toEqual([other]);

  await w.remove(own);
  await w.remove(other);
  expect(await w.changedAlone("project", other)).toEqual([demo]);
  expect(names("other")).toEqual([]);
  expect(names("demo")).toEqual(["style", "tone"]);
  await w.change("prompt", style, { project: "gone", priority: 5, content: "Be briefer." });
  expect(await w.changedAlone("prompt", style)).toEqual([demo]);
  expect(names("demo")).toEqual(["tone"]);
});
