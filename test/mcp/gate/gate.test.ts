import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { newId } from "../../../src/lib/id.ts";
import type { Llm } from "../../../src/llm/llm.ts";
import { namesIn } from "../../../src/mcp/gate/choosing.ts";
import { createOpenings } from "../../../src/mcp/gate/openings.ts";
import type { PluginContext, Shown, VirtualTool } from "../../../src/mcp/pipeline/plugin.ts";
import { createGate } from "../../../src/mcp/pipeline/plugins/gate.ts";
import { defaultTexts } from "../../../src/resources/system-prompts.ts";
import { openDatabase } from "../../../src/storage/open.ts";
import { insertResource } from "../../../src/storage/resources.ts";
import { silentLog } from "../../log.ts";
import { shelfOf, type Text } from "./shelf.ts";

const tool = (server: string, name: string, description = ""): Shown => ({
  name: `${server}__${name}`,
  text: JSON.stringify({ name: `${server}__${name}`, description }),
  server,
});
const servers = [tool("files", "read"), tool("git", "push", "Brings a release to the server")];

/** An LLM that answers so; `asked` is what it was asked. */
function llmThat(answer: () => Promise<string>) {
  const asked: string[] = [];
  const state = { isUp: true };
  const llm: Llm = {
    identity: () => "test/one",
    available: () => state.isUp,
    complete: (prompt) => {
      asked.push(prompt);
      return answer();
    },
    contextTokens: async () => undefined,
  };
  return { llm, asked, state };
}

/** A gate before these prompts, and callers of one project. Each `client` is a session of a token, or a caller without one. */
async function setUp(texts: Record<string, Text>, gate?: { promptBytes?: number; openSeconds?: number }) {
  const db = openDatabase("sqlite::memory:");
  const id = newId();
  await db.write(() =>
    insertResource({ id, kind: "project", name: "demo", version: 1, fields: {}, createdAt: 1, updatedAt: 1 }),
  );
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now };
  const openings = await createOpenings(db, clock, silentLog);
  const { shelf, proposed } = shelfOf(texts);
  const patience = { llm: 20, texts: 20 };
  const plugin = createGate({ shelf, openings, texts: defaultTexts, patience });
  const { hooks } = plugin;
  const audited: object[] = [];
  const told: string[] = [];

  function client(principal: string, session?: string, more: Partial<PluginContext> = {}) {
    const tools = new Map<string, VirtualTool>();
    const context: PluginContext = {
      identity:
        session === undefined ? { id: `${id} ${principal}`, isSession: false } : { id: session, isSession: true },
      era: session === undefined ? "modern" : "legacy",
      seesChanges: true,
      project: { id, name: "demo", version: 1, fields: { servers: [], ...(gate === undefined ? {} : { gate }) } },
      principal,
      actor: { subject: `McpToken:${principal}` },
      tokenSha: principal,
      readOnly: false,
      registerTool: (one) => void tools.set(one.name, one),
      listChanged: (list) => void told.push(`${principal} ${list}`),
      began: () => {},
      discover: async () => (await list()).filter(({ server }) => server !== undefined),
      callTool: async () => "{}",
      shape: async (_type, _source, _server, result) => result,
      hide: async (_prompt, text) => text,
      llm: undefined,
      cache: { hash: (text) => text, getOrCompute: (_, compute) => compute() },
      audit: (action, detail) => void audited.push({ action, ...detail }),
      log: silentLog,
      ...more,
    };
    void hooks.onSessionCreate?.(context);
    const own = [...tools.values()].map(({ name, ...rest }) => ({
      name,
      text: JSON.stringify(rest),
      server: undefined,
    }));
    const list = async () => (await hooks.onToolsList?.(context, [...own, ...servers])) ?? [];
    return {
      list: async () => (await list()).map(({ name }) => name),
      shown: list,
      instructions: async (words?: string) => await hooks.onInitialize?.(context, words),
      async call(name: string, args: object = {}) {
        const result = JSON.parse((await tools.get(name)?.call(args as Record<string, unknown>, context)) ?? "{}");
        return { text: String(result.content?.[0].text), isError: result.isError === true };
      },
      real: async (name: string, args: object = {}) =>
        await hooks.onToolCallBefore?.(context, {
          name,
          server: name.split("__")[0] ?? "",
          tool: name.split("__")[1] ?? name,
          argumentsText: JSON.stringify(args),
        }),
    };
  }
  return { client, audited, told, proposed, time, texts, plugin };
}

const six: Record<string, Text> = {
  always: { priority: 10, text: "Answer in English.", summary: "The language" },
  release: { text: "# Release\nTag, then push.", summary: "How a release is made" },
  style: { text: "Short sentences.", summary: "House style of texts" },
  backup: { text: "Every night.", summary: "When backups run", chapters: [{ title: "Restoring", summary: "" }] },
  gone: {
    text: new Error("dead"),
    summary: "Release notes",
    link: { target: "x/y:z", state: "dead", reason: "no such resource" },
  },
  hung: { summary: "Release checklist of another team", link: { target: "x/y:w", state: "unknown" } },
};
const ownNames = ["read_prompts", "propose_prompt"];
const open = [...servers.map(({ name }) => name), ...ownNames];

describe("the gate", () => {
  test("is closed until begin_session, which gives what fits, tells of the rest, and opens", async () => {
    const { client, audited, told } = await setUp(six);
    const one = client("t", "s1");
    expect(await one.list()).toEqual(["begin_session"]);
    expect(await one.instructions("Of the project.")).toMatch(/^Of the project\.\n\n.*begin_session.*3 to 7 keywords/s);
    const { text, isError } = await one.call("begin_session", { tags: ["releases", "git", "push"] });
    expect(isError).toBe(false);
    expect(text).toStartWith(
      '<prompt name="always">\nAnswer in English.\n</prompt>\n\n<prompt name="release">\n# Release',
    );
    expect(text).not.toContain("Short sentences.");
    expect(text).toContain("- style: House style of texts");
    expect(text).toContain("- backup: When backups run [Restoring]");
    expect(text).toContain("- gone (unavailable now: no such resource): Release notes");
    expect(text).toContain("- hung (unavailable now)");
    expect(text).toEndWith("The session is open: 4 tools are there now. List them again if you do not see them.");
    expect(await one.list()).toEqual(open);
    expect(await one.instructions("Of the project.")).toBe("Of the project.");
    expect(told).toEqual(["t tools"]);
    expect(audited).toEqual([{ action: "gate.open", by: "begin_session", tags: 3, prompts: ["always", "release"] }]);
  });

  test("is open for another session of the token, which is given nothing twice unless it asks for it", async () => {
    const { client, audited } = await setUp(six);
    await client("t", "s1").call("begin_session", { tags: ["release"] });
    const two = client("t", "s2");
    expect(await two.list()).toEqual(open);
    expect(await client("other", "s3").list()).toEqual(["begin_session"]);
    const { text } = await two.call("begin_session", { tags: ["release", "style"] });
    expect(text).toContain("Short sentences.");
    expect(text).not.toContain("Tag, then push.");
    expect(text).toContain("- release (delivered before): How a release is made");
    expect((await two.call("read_prompts", { names: ["release"] })).text).toContain("Tag, then push.");
    expect(audited).toHaveLength(1);
  });

  test("closes after its time, and then delivers anew", async () => {
    const { client, time } = await setUp(six, { openSeconds: 60 });
    const one = client("t");
    await one.call("begin_session", { tags: ["release"] });
    time.now += 60_000;
    expect(await one.list()).toEqual(["begin_session"]);
    expect((await one.call("begin_session", { tags: ["release"] })).text).toContain("Tag, then push.");
  });

  test("stays as it is for who is in, whatever becomes of the prompts", async () => {
    const { client, texts } = await setUp({ ...six });
    const one = client("t", "s1");
    await one.call("begin_session", { tags: ["release"] });
    texts["new"] = { text: "Something.", priority: 10 };
    expect(await one.list()).toEqual(open);
    for (const name of Object.keys(texts)) delete texts[name];
    expect(await one.list()).toEqual(servers.map(({ name }) => name));
    expect(await client("u", "s2").list()).toEqual(servers.map(({ name }) => name));
  });

  test("is none for who cannot see that it opens", async () => {
    const { client } = await setUp(six);
    const fixed = client("t", undefined, { seesChanges: false });
    expect(await fixed.list()).toEqual(open);
    expect(await fixed.instructions("Own.")).toBe("Own.");
    expect(await fixed.real("files__read")).toBeUndefined();
  });

  test("a call before begin_session opens it and is briefed; of many at once, one", async () => {
    const { client, audited, told } = await setUp(six);
    const one = client("t", "s1");
    const calls = await Promise.all(
      Array.from({ length: 5 }, () => one.real("git__push", { note: "style guide", password: "hunter2" })),
    );
    const briefed = calls.filter((call) => call !== undefined);
    expect(briefed).toHaveLength(1);
    expect(briefed[0]?.answer).toBeUndefined();
    expect(briefed[0]?.preface).toStartWith("You called `git__push` before `begin_session`.");
    for (const text of ["Answer in English.", "Tag, then push.", "Short sentences.", "- backup"])
      expect(briefed[0]?.preface).toContain(text);
    expect([audited.length, told.length]).toEqual([1, 1]);
    expect(audited[0]).toMatchObject({ by: "call", prompts: ["always", "style", "release"] });
    expect(await one.list()).toEqual(open);
    expect(await one.real("git__push")).toBeUndefined();
  });

  test("begin_session is ours while it is closed, and a server's of that name once it is open", async () => {
    const { client } = await setUp(six);
    const one = client("t", "s1");
    const { answer, preface } = (await one.real("begin_session", { tags: ["release"] })) ?? {};
    expect([answer?.includes("Tag, then push."), preface]).toEqual([true, undefined]);
    expect(await one.real("begin_session", { tags: ["release"] })).toBeUndefined();
  });
});

describe("begin_session takes what models give it:", () => {
  test.each([
    [{ tags: "release, git" }],
    [{ tags: ["release"] }],
    [{ tags: Array.from({ length: 40 }, (_, n) => (n === 3 ? "release" : `tag${n}`)) }],
    [{ description: "I am going to make a release" }],
    [{ tags: [7, null, "  release  "] }],
    [{ tags: {}, description: "release".padEnd(100_000, " x") }],
  ])("%j", async (args) => {
    const { client } = await setUp(six);
    const { text, isError } = await client("t").call("begin_session", args);
    expect([isError, text.includes("Tag, then push.")]).toEqual([false, true]);
  });

  test.each([[{}], [{ tags: [] }], [{ tags: 7 }], [{ description: "  " }], [{ description: "!?" }], [{ tags: [{}] }]])(
    "but not %j",
    async (args) => {
      const { client } = await setUp(six);
      const one = client("t");
      const { text, isError } = await one.call("begin_session", args);
      expect([isError, text.includes('{"tags": [')]).toEqual([true, true]);
      expect(await one.list()).toEqual(["begin_session"]);
    },
  );
});

describe("with an LLM", () => {
  const asks = async (one: { shown: () => Promise<readonly Shown[]> }) =>
    Object.keys(JSON.parse((await one.shown())[0]?.text ?? "{}").inputSchema.properties);

  test("it chooses by a description, in its order, and what it invents is nothing", async () => {
    const { client } = await setUp(six);
    const { llm, asked } = llmThat(async () => "1. style\n2. **invented**\n- `backup`\n");
    const one = client("t", "s1", { llm });
    expect(await asks(one)).toEqual(["description"]);
    expect(await one.instructions()).toContain("`description`");
    const { text } = await one.call("begin_session", { description: "Make a release" });
    expect([...text.matchAll(/<prompt name="(\w+)">/g)].map(([, name]) => name)).toEqual(["always", "style", "backup"]);
    expect(asked[0]).toContain("Make a release");
    expect(asked[0]).toContain("backup: When backups run | Restoring");
  });

  test.each([
    ["that is down", () => Promise.reject(new Error("down"))],
    ["that does not answer", () => new Promise<string>(() => {})],
    ["that talks nonsense", async () => "I would be happy to help you with that!"],
    ["that says nothing", async () => ""],
  ])("%s, keywords choose", async (_, answer) => {
    const { client } = await setUp(six);
    const one = client("t", "s1", { llm: llmThat(answer).llm });
    const { text } = await one.call("begin_session", { description: "Please make the releases ready" });
    expect([text.includes("Tag, then push."), text.includes("Short sentences.")]).toEqual([true, false]);
  });

  test("that is known to be down, tags are asked for; neither tags nor calls ask it", async () => {
    const { client } = await setUp(six);
    const { llm, asked, state } = llmThat(async () => "style");
    const one = client("t", "s1", { llm });
    state.isUp = false;
    expect(await asks(one)).toEqual(["tags"]);
    await one.call("begin_session", { description: "Make a release" });
    state.isUp = true;
    await one.call("begin_session", { tags: ["release"] });
    await client("u", "s2", { llm }).real("git__push");
    expect(asked).toEqual([]);
  });

  test("names are found in what it says", () => {
    const known = new Set(["style", "a-b", "2024-notes"]);
    expect(namesIn('* a-b: useful\n1) 2024-notes\nThe "style" one\na-b', known)).toEqual([
      "a-b",
      "2024-notes",
      "style",
    ]);
    expect(namesIn('["style", "a-b"]', known)).toEqual(["style", "a-b"]);
    expect(namesIn("stylish\nnone", known)).toEqual([]);
  });
});

describe("read_prompts", () => {
  test("gives whole texts within the budget, the first one however long it is, and says what else was asked for", async () => {
    const { client } = await setUp(
      { big: { text: "b".repeat(300) }, mid: { text: "m".repeat(80) } },
      { promptBytes: 100 },
    );
    const one = client("t");
    const { text } = await one.call("read_prompts", { names: ["big", "mid"] });
    expect([text.includes("b".repeat(300)), text.includes("mmm"), text.includes("- mid")]).toEqual([true, false, true]);
    expect((await one.call("read_prompts", { names: "mid" })).text).toContain("m".repeat(80));
  });

  test("works while it is closed, by tags, and without anything it is a list", async () => {
    const { client } = await setUp(six);
    const one = client("t", "s1");
    const { text } = await one.call("read_prompts", { tags: ["backups"] });
    expect(text).toBe('<prompt name="backup">\nEvery night.\n</prompt>');
    expect((await one.call("read_prompts")).text.match(/^- /gm)).toHaveLength(6);
    expect(await one.list()).toEqual(["begin_session"]);
  });

  test("says what there is instead of a name that is wrong", async () => {
    const { client } = await setUp(six);
    const one = client("t");
    const wrong = await one.call("read_prompts", { names: ["relaese"] });
    expect([wrong.isError, wrong.text.includes('Did you mean "release"?')]).toEqual([true, true]);
    const some = await one.call("read_prompts", { names: ["relaese", "style"] });
    expect([some.isError, some.text.includes("Did you mean"), some.text.includes("Short sent")]).toEqual([
      false,
      true,
      true,
    ]);
    expect((await one.call("read_prompts", { names: 7 })).isError).toBe(true);
    expect((await one.call("read_prompts", { names: ["gone"] })).text).toContain("- gone (unavailable now");
  });
});

describe("propose_prompt", () => {
  test("goes to a person", async () => {
    const { client, proposed } = await setUp(six);
    const one = client("t");
    const { text } = await one.call("propose_prompt", {
      name: "deploy",
      content: "From main only.",
      reason: "I saw it",
    });
    expect(text).toContain("A person decides");
    expect(proposed).toEqual([
      { name: "deploy", content: "From main only.", priority: 5, reason: "I saw it", by: "McpToken:t" },
    ]);
  });

  test.each([
    [{ name: " ", content: "x" }, "name"],
    [{ name: "a" }, "content"],
    [{ name: "a", content: "é".repeat(33_000) }, "64 KiB"],
    [{ name: "a", content: "x", priority: 10 }, "priority"],
    [{ name: "style", content: "x" }, "one of this name"],
  ])("refuses %#", async (args, why) => {
    const { client, proposed } = await setUp(six);
    const { text, isError } = await client("t").call("propose_prompt", args);
    expect([isError, proposed.length]).toEqual([true, 0]);
    expect(text).toContain(why);
  });

  test("is nothing for a read-only token", async () => {
    const { client } = await setUp(six);
    const one = client("t", "s1", { readOnly: true });
    await one.call("begin_session", { tags: ["release"] });
    expect(await one.list()).toEqual([...servers.map(({ name }) => name), "read_prompts"]);
    expect(await one.call("propose_prompt", { name: "a", content: "x" })).toMatchObject({ text: "undefined" });
  });
});

test("whatever the servers offer, an open gate shows just that and its own tools, and keeps no name from them", async () => {
  const { plugin, client } = await setUp(six);
  await client("t").call("begin_session", { tags: ["release"] });
  const names = fc.constantFrom("a", "b", "files__read", ...ownNames, "begin_session");
  const context = { principal: "t", identity: { id: "x", isSession: false }, seesChanges: true, readOnly: false };
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(names), async (offered) => {
      const theirs = offered.map((name) => ({ name, text: "{}", server: "s" }));
      for (const isOpen of [true, false]) {
        const given = { ...context, seesChanges: !isOpen, project: { name: "demo", fields: { servers: [] } } };
        const seen = (await plugin.hooks.onToolsList?.(given as unknown as PluginContext, theirs)) ?? [];
        if (isOpen) {
          expect(seen.filter(({ server }) => server !== undefined)).toEqual(theirs);
          expect(new Set(seen.map(({ name }) => name))).toEqual(new Set([...offered, ...ownNames]));
          expect(seen).toHaveLength(new Set([...offered, ...ownNames]).size);
        } else expect(seen.map(({ name, server }) => [name, server])).toEqual([["begin_session", undefined]]);
      }
    }),
  );
});
