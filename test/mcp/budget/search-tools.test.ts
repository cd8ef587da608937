import { expect, test } from "bun:test";
import fc from "fast-check";
import { Problem } from "../../../src/lib/problem.ts";
import { costOfAll } from "../../../src/mcp/budget/cost.ts";
import { registerSearchTools, searchTools, shownSearchTools } from "../../../src/mcp/budget/search-tools.ts";
import { tokensIn } from "../../../src/mcp/budget/tokens.ts";
import type { PluginContext, Shown } from "../../../src/mcp/pipeline/plugin.ts";
import { answer, contextFor, lists, queries, shown } from "./world.ts";

async function ask(tool: string, args: Record<string, unknown>, tools: readonly Shown[]) {
  const { context, called } = contextFor(tools);
  const text = await searchTools
    .find(({ name }) => name === tool)
    ?.call(args, context)
    .catch((error: Error) => error.message);
  return { text: text ?? "", called };
}
const said = (result: string) => (JSON.parse(result) as { content: { text: string }[] }).content[0]?.text ?? "";

const tools = [
  shown("github", "create_issue", {
    description: "Create a new issue.\nUse this for bugs.",
    inputSchema: { type: "object", properties: { title: { type: "string" } }, required: ["title"] },
  }),
  shown("files", "read_file", { description: "Reads a file" }),
];

test("the three tools cost less than 350 tokens", () => {
  expect(costOfAll(shownSearchTools)).toBeLessThan(350);
  const { context, registered } = contextFor([]);
  registerSearchTools(context);
  expect(registered.map(({ name }) => name)).toEqual(["search_tools", "describe_tool", "call_tool"]);
});

test("what is found comes with what it does and what it must be given", async () => {
  const { text } = await ask("search_tools", { query: "report a bug" }, tools);
  expect(said(text)).toStartWith("github__create_issue(title): Create a new issue.\n");
});

test("where nothing fits it says whose tools there are", async () => {
  expect(said((await ask("search_tools", { query: "xylophone" }, tools)).text)).toContain(
    "There are tools of: files, github.",
  );
  expect(said((await ask("search_tools", { query: "xylophone" }, [])).text)).toContain("There are no tools.");
  expect((await ask("search_tools", { query: " " }, tools)).text).toContain("query");
});

test("a definition comes whole, by either name, several at once", async () => {
  const { text } = await ask("describe_tool", { names: ["github/create_issue", "files__read_file"] }, tools);
  expect(
    said(text)
      .split("\n")
      .map((line) => JSON.parse(line).name),
  ).toEqual(["github__create_issue", "files__read_file"]);
  expect(JSON.parse(said(text).split("\n")[0] ?? "").inputSchema.required).toEqual(["title"]);
  expect(said((await ask("describe_tool", { name: "files__read_file" }, tools)).text)).toContain("Reads a file");
});

test("an unknown name is told what is near, and nothing is called", async () => {
  for (const tool of ["describe_tool", "call_tool"]) {
    const { text, called } = await ask(tool, { name: "github_create_isue" }, tools);
    expect(text).toContain("the nearest are github__create_issue");
    expect(called).toEqual([]);
  }
});

test("a call is the caller's own call of the tool, and its answer comes back as it is", async () => {
  const { text, called } = await ask("call_tool", { name: "github/create_issue", arguments: { title: "a" } }, tools);
  expect(text).toBe(answer);
  expect(called).toEqual([{ name: "github__create_issue", argumentsText: '{"title":"a"}' }]);
});

test("arguments may be text or missing, and must be an object", async () => {
  const sent = async (given: unknown) =>
    (await ask("call_tool", { name: "files__read_file", arguments: given }, tools)).called;
  expect((await sent('{"path":"a"}'))[0]?.argumentsText).toBe('{"path":"a"}');
  expect((await sent(undefined))[0]?.argumentsText).toBe("{}");
  for (const wrong of [[], 3, "no", "[1]", true]) expect(await sent(wrong)).toEqual([]);
});

test("a part of a result may be asked for beside the arguments too", async () => {
  const { context, called } = contextFor(tools);
  const written = '{"name":"files__read_file","arguments":{"path":"/a"},"_resultId":"r1","_section":"2","other":1}';
  await searchTools[2]?.call(JSON.parse(written), context, written);
  expect(called[0]?.argumentsText).toBe('{"path":"/a","_resultId":"r1","_section":"2"}');
});

test("no number changes on its way to the tool", async () => {
  const { context, called } = contextFor(tools);
  const written = '{"name":"files__read_file","arguments":{"id": 12345678901234567890}}';
  await searchTools[2]?.call(JSON.parse(written), context, written);
  expect(called[0]?.argumentsText).toBe('{"id": 12345678901234567890}');
});

test("a book of a definition is cut, and says so; a long list of hits ends", async () => {
  const deep = (depth: number): object =>
    depth === 0
      ? { type: "string", description: "x y ".repeat(50) }
      : { type: "object", properties: { a: deep(depth - 1), b: deep(depth - 1), c: deep(depth - 1) } };
  const book = shown("files", "read_book", { description: "Reads ".repeat(5000), inputSchema: deep(7) });
  const { text } = await ask("describe_tool", { names: [book.name] }, [book]);
  expect(tokensIn(said(text))).toBeLessThanOrEqual(6000);
  expect(said(text)).toContain("too long to be shown whole");
  const many = Array.from({ length: 50 }, (_, n) =>
    shown("files", `read_${n}`, {
      description: "Reads a file or any other thing that there is in a folder, ".repeat(9),
      inputSchema: { required: Array(100).fill("parameter") },
    }),
  );
  expect(tokensIn(said((await ask("search_tools", { query: "read", limit: 1e9 }, many)).text))).toBeLessThanOrEqual(
    1600,
  );
});

test("what is closed to a caller is neither found, described nor called", async () => {
  await fc.assert(
    fc.asyncProperty(lists, queries, fc.array(fc.boolean()), async (all, query, open) => {
      const secret = all.map((tool, n) => ({ ...tool, name: `closed${n}__${tool.name}`, text: tool.text }));
      const [seen, closed] = [all.filter((_, n) => open[n] ?? false), secret];
      const asks: [string, Record<string, unknown>][] = [
        ["search_tools", { query, limit: 20 }],
        ...closed.flatMap(({ name }): [string, Record<string, unknown>][] => [
          ["search_tools", { query: name }],
          ["describe_tool", { names: [name] }],
          ["call_tool", { name, arguments: {} }],
        ]),
      ];
      for (const [tool, args] of asks) {
        const { text, called } = await ask(tool, args, seen);
        for (const { name } of closed) expect(text).not.toContain(JSON.stringify(name).slice(1, -1));
        expect(called.filter(({ name }) => !seen.some((one) => one.name === name))).toEqual([]);
      }
    }),
    { numRuns: 25 },
  );
});

test("a tool that is not listed and was called tells why it failed, not that there is none", async () => {
  const call = searchTools.find(({ name }) => name === "call_tool")?.call;
  const callTool = async (): Promise<string> => {
    throw new Problem("unavailable", "it took too long, and may have been carried out");
  };
  const context = { discover: async () => tools, callTool } as unknown as PluginContext;
  await expect(call?.({ name: "hidden_tool" }, context) as Promise<string>).rejects.toThrow(
    "it took too long, and may have been carried out",
  );
});
