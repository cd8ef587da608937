import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Entry } from "../../src/mcp/catalog/catalog.ts";
import { createExposure, type Variant } from "../../src/mcp/catalog/exposure.ts";
import type { ListName } from "../../src/mcp/catalog/offer.ts";
import { createUriOwners } from "../../src/mcp/catalog/uri-owners.ts";
import type { View } from "../../src/mcp/catalog/view.ts";
import { ReadyList } from "../../src/mcp/ready-list.ts";
import type { Curation, ProjectFields } from "../../src/resources/project.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { deleteResource, insertResource } from "../../src/storage/resources.ts";
import { logTo } from "../log.ts";

/** Each endpoint of a project over the same offers, in a real database. */
const db = openDatabase("sqlite::memory:");
const logs: string[] = [];
const log = logTo((line) => void logs.push(line), Date.now);
const exposure = createExposure(db, log, createUriOwners());
const row = (kind: string, id: string) => ({ id, kind, name: id, version: 1, fields: {}, createdAt: 1, updatedAt: 1 });
const add = (kind: string, id: string) => db.write(() => insertResource(row(kind, id)));
beforeAll(async () => {
  for (const id of ["a", "b", "c"]) await add("server", id);
});
afterAll(() => db.close());

const tool = (name: string, more = "") => `{"name": ${JSON.stringify(name)}, "x":1e400${more}}`;
const entry = (id: string, tools: string[], uris: string[] = [], prompts: string[] = []): Entry => {
  const items = (texts: string[], key: string) =>
    texts.map((text) => ({ key: String((JSON.parse(text) as Record<string, unknown>)[key]), text }));
  const named = (names: string[], key: string) =>
    items(
      names.map((name) => JSON.stringify({ [key]: name })),
      key,
    );
  return {
    server: { id, name: id, version: 1, fields: { transport: "http", url: "http://127.0.0.1:9" } },
    offer: {
      tools: items(tools, "name"),
      prompts: named(prompts, "name"),
      resources: named(uris, "uri"),
      resourceTemplates: [],
    },
    missing: undefined,
  };
};
let projects = 0;
async function project(servers: (string | Curation)[], more: Partial<ProjectFields> = {}) {
  const id = `p${projects++}`;
  await add("project", id);
  const fields = { servers, ...more };
  return (entries: Entry[], variant: Variant = "project") => exposure.view({ id, fields }, entries, variant);
}
const textOf = ({ items }: View, list: ListName) => new ReadyList(items[list]).text;
const toolsIn = (view: View) => namesIn(textOf(view, "tools"));
const namesIn = (text: string) => (JSON.parse(text) as { name: string }[]).map(({ name }) => name);

describe("what an endpoint shows", () => {
  const entries = [
    entry("a", [tool("search"), tool("odd.name/x"), tool("hidden")], ["u://1", "u://shared"], ["help"]),
    entry("b", [tool("search")], ["u://shared"], ["help"]),
  ];
  const servers = [{ server: "a", deny: ["hid*"], describe: { search: "Ours" } }, "b"];

  test("the project: by server and name, or plain as far as nothing clashes", async () => {
    const prefixed = await (await project(servers))(entries);
    expect(namesIn(textOf(prefixed, "tools"))).toEqual([
      "a__search",
      expect.stringMatching(/^a__odd_name_x_[0-9a-f]{8}$/),
      "b__search",
    ]);
    const plain = await (await project(servers, { toolNames: "plain" }))(entries);
    expect(namesIn(textOf(plain, "tools"))).toEqual([
      "search",
      expect.stringMatching(/^odd_name_x_[0-9a-f]{8}$/),
      "b__search",
    ]);
    expect(namesIn(textOf(plain, "prompts"))).toEqual(["help", "b__help"]);
    expect(textOf(plain, "tools")).toStartWith('[{"name":"search","x":1e400,"description":"Ours"}');
    expect(plain.tools.get("b/search")?.server.name).toBe("b");
    expect([plain.tools.get("hidden"), plain.tools.get("a/hidden"), plain.tools.get("a__hidden")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("one server: its names, texts and URIs byte for byte, without what the project denies", async () => {
    const view = await (await project(servers, { toolNames: "plain", schemas: "inline" }))(
      [entries[0] as Entry],
      "server",
    );
    expect(textOf(view, "tools")).toBe(`[${tool("search")},${tool("odd.name/x")}]`);
    expect(textOf(view, "resources")).toBe('[{"uri":"u://1"},{"uri":"u://shared"}]');
    expect(view.tools.get("odd.name/x")?.key).toBe("odd.name/x");
    expect([view.tools.get("hidden"), view.tools.get("a/hidden")]).toEqual([undefined, undefined]);
    // What the project fixes about a call is not to be got round by another address.
    const preset = { server: "a", rename: { search: "find" }, arguments: { search: { q: 1 } } };
    const fixed = await (await project([preset]))([entries[0] as Entry], "server");
    expect([fixed.tools.get("search")?.preset, fixed.tools.get("find")]).toEqual([{ q: "1" }, undefined]);
  });

  test("vLLM: the project's names, every tool with a description and a schema it can read", async () => {
    const view = await (await project(servers, { toolNames: "plain" }))(entries, "vllm");
    const inputSchema = { type: "object", properties: {} };
    expect(textOf(view, "tools")).toContain("1e400");
    expect((JSON.parse(textOf(view, "tools")) as object[])[0]).toMatchObject({
      name: "search",
      description: "Ours",
      inputSchema,
    });
    expect((JSON.parse(textOf(view, "tools")) as object[])[2]).toMatchObject({
      name: "b__search",
      description: "b__search",
      inputSchema,
    });
  });
});

describe("names stay", () => {
  test("over another order, a restart, and the going of their owner; an earlier name still leads to its tool", async () => {
    const plain = { toolNames: "plain" } as const;
    const show = await project(["a", "b"], plain);
    const id = `p${projects - 1}`;
    const [a, b] = [entry("a", [tool("search")]), entry("b", [tool("search")])];
    expect(toolsIn(await show([b]))).toEqual(["search"]);
    const again = createExposure(db, log, createUriOwners());
    const both = await again.view({ id, fields: { servers: ["a", "b"], ...plain } }, [a, b], "project");
    expect(namesIn(textOf(both, "tools"))).toEqual(["a__search", "search"]);
    const alone = await show([a]);
    expect([namesIn(textOf(alone, "tools")), alone.tools.get("search")]).toEqual([["a__search"], undefined]);
    const prefixed = await again.view({ id, fields: { servers: ["a", "b"] } }, [a, b], "project");
    expect(namesIn(textOf(prefixed, "tools"))).toEqual(["a__search", "b__search"]);
    expect(prefixed.tools.get("search")?.server.name).toBe("b");
  });

  test("of a server that is gone for good its names are free again", async () => {
    const show = await project(["c", "b"], { toolNames: "plain" });
    await show([entry("c", [tool("only")])]);
    await db.write(() => deleteResource("c"));
    expect(toolsIn(await show([entry("b", [tool("only")])]))).toEqual(["only"]);
  });

  test("what could not be stored is not shown, and said; the rest is", async () => {
    const show = await project(["a"]);
    await show([entry("a", [tool("old")])]);
    const broken = createExposure(
      { ...db, write: () => Promise.reject(new Error("disk full")) },
      log,
      createUriOwners(),
    );
    const fields = { servers: ["a"] };
    const view = await broken.view(
      { id: `p${projects - 1}`, fields },
      [entry("a", [tool("old"), tool("new")])],
      "project",
    );
    expect([namesIn(textOf(view, "tools")), view.tools.get("a/new")]).toEqual([["a__old"], undefined]);
    expect(view.missing).toEqual([{ server: "a", reason: 'server "a": 1 tool without a name' }]);
    expect(logs.at(-1)).toContain("disk full");
    expect(toolsIn(await show([entry("a", [tool("old"), tool("new")])]))).toEqual(["a__old", "a__new"]);
  });
});

test("a tool that declares its headers wrongly is shown to nobody", async () => {
  const wrong = tool("t", ',"inputSchema":{"type":"object","properties":{"p":{"type":"string","x-mcp-header":"a b"}}}');
  const view = await (await project(["a"]))([entry("a", [wrong.replace("1e400", "1"), tool("fine")])]);
  expect([namesIn(textOf(view, "tools")), view.tools.get("a/t")]).toEqual([["a__fine"], undefined]);
});
