import { describe, expect, test } from "bun:test";
import { answer } from "../../src/cli/completion/answer.ts";
import { type Live, offersFor } from "../../src/cli/completion/offers.ts";
import { tree } from "../../src/cli/completion/tree.ts";

const names: Record<string, string[]> = {
  context: ["local", "work"],
  project: ["demo", "home"],
  server: ["files", "fine", "wiki"],
  instance: ["files-1"],
  user: ["alice@example.com"],
  mcptoken: ["vllm"],
};
const asked: string[] = [];
const live: Live = async (what, { given }) => {
  const kind = what === "context" ? what : what.kind;
  asked.push(`${kind} ${given.get("project") ?? ""}`.trim());
  return names[kind] ?? [];
};

/** What is offered where the cursor, a bar, stands in a command line. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(" ");
  const cursor = words.findIndex((word) => word.includes("|"));
  const { words: offers, files } = await offersFor(
    tree,
    { words: words.map((word) => word.replace("|", "")), cursor },
    live,
  );
  return files === undefined ? offers.map(({ word }) => word) : [`:${files}`];
}

describe("offered", () => {
  test.each([
    ["des|", ["describe"]],
    ["token r|", ["revoke", "revoke-leaked", "rotate"]],
    ["config vi|", ["view"]],
    ["-p demo token r|", ["revoke", "rotate"]],
    ["-o json serv|", []],
    ["serve --po|", ["--port"]],
    ["get ser|", ["servers", "serviceaccounts"]],
    ["get tok|", ["token"]],
    ["describe serv|", ["server", "serviceaccount"]],
    ["create inst|", []],
    ["edit sess|", []],
    ["get servers fi|", ["files", "fine"]],
    ["get servers files fi|", ["fine"]],
    ["get servers | fine", ["files", "wiki"]],
    ["get servers/f|", ["servers/files", "servers/fine"]],
    ["describe server |", ["files", "fine", "wiki"]],
    ["describe server files |", ["fine", "wiki"]],
    ["describe nonsense |", []],
    ["nonsense |", []],
    ["create server |", []],
    ["create server x --tr|", ["--transport"]],
    ["create server x --transport |", ["stdio", "http", "sse"]],
    ["create server x --transport=s|", ["--transport=stdio", "--transport=sse"]],
    ["create project x --servers files,|", ["files,fine", "files,wiki"]],
    ["create server x -- no|", []],
    ["get servers -o |", ["table", "wide", "json", "yaml", "name"]],
    ["-o wide get servers --out|", []],
    ["apply -f a --f|", ["--filename"]],
    ["apply -f |", [":file"]],
    ["apply --filename=x|", [":file"]],
    ["serve --data-dir |", [":folder"]],
    ["-p |", ["demo", "home"]],
    ["--context w|", ["work"]],
    ["logs f|", ["files", "fine"]],
    ["logs instance/|", ["instance/files-1"]],
    ["restart files |", ["fine", "wiki"]],
    ["auth can-i view --as U|", ["User:"]],
    ["auth can-i view --as User:a|", ["User:alice@example.com"]],
    ["config claude-c|", ["claude-code"]],
    ["import claude-c|", ["claude-code"]],
    ["import ./|", [":file"]],
    ["context use w|", ["work"]],
    ["config set cred|", ["credentialStore"]],
    ["explain finding MCP-SEC-00|", [1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => `MCP-SEC-00${at}`)],
    ["restore --strategy o|", ["overwrite"]],
    ["completion p|", ["powershell"]],
    ["audit events --outcome r|", ["refused"]],
  ])("%s", async (line, expected) => {
    expect(await offered(line)).toEqual(expected);
  });
});

test("a project is respected wherever it stands; without a name to offer nobody is asked", async () => {
  asked.length = 0;
  expect(await offered("token revoke | -p demo")).toEqual(["vllm"]);
  expect(await offered("--project=home get mcptokens |")).toEqual(["vllm"]);
  for (const line of ["|", "get |", "get servers --|", "create server |", "serve |"]) await offered(line);
  expect(asked).toEqual(["mcptoken demo", "mcptoken home"]);
});

test("every verb can be reached word by word, with a description", async () => {
  for (const [name, { about }] of Object.entries(tree.verbs)) {
    const [first = "", second] = name.split(" ");
    expect(await offered(`${first}|`)).toContain(first);
    if (second !== undefined) expect(await offered(`${first} ${second}|`)).toContain(second);
    expect(about.length).toBeGreaterThan(10);
  }
});

test("the answer is a word, a tab and its meaning on each line; to nonsense it is nothing", async () => {
  expect(await answer(["0", ":resta"], live)).toBe("restart\tStart servers or instances anew");
  expect(await answer(["1", ":-p", ":d"], live)).toBe("demo");
  expect(await answer(["2", ":apply", ":-f", ":"], live)).toBe(":file");
  for (const argv of [[], ["x"], ["-1", ":"], ["9", ":get"], ["99999999", ":"], ["0"]])
    expect(typeof (await answer(argv, live))).toBe("string");
  const broken: Live = () => Promise.reject(new Error("broken"));
  expect(await answer(["1", ":-p", ":"], broken)).toBe("");
});
