import { afterAll, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { Line } from "../../src/cli/completion/line.ts";
import { liveNames } from "../../src/cli/completion/live.ts";
import { kindNamed, tree } from "../../src/cli/completion/tree.ts";
import { type Env, processEnvironment } from "../../src/cli/environment.ts";
import { world } from "../world.ts";
import { hostileInstance } from "./instance.ts";

const w = await world();
afterAll(w.close);

const env = (url: string, fetch: Env["fetch"], token = w.admin, patience = "5000"): Env => ({
  ...processEnvironment(),
  home: `${w.home}/.mcpctl`,
  variables: { MCPCTL_URL: url, MCPCTL_TOKEN: token, MCPCTL_COMPLETION_MS: patience },
  fetch,
});

async function names(word: string, project?: string, from = env(w.url, w.fetch)): Promise<readonly string[]> {
  const kind = word === "context" ? word : kindNamed(tree, word);
  if (kind === undefined) throw new Error(word);
  const given = new Map(project === undefined ? [] : [["project", [project]]]);
  return await liveNames(from, performance.now())(kind, { given } as Line);
}

test("the names of what is there, of one project where it is said", async () => {
  for (const name of ["demo", "home"]) {
    await w.must("POST", "/api/v1/projects", { name });
    await w.must("POST", "/api/v1/mcptokens", { name: `of-${name}`, project: name });
  }
  await w.must("POST", "/api/v1/users", { name: "alice@example.com" });
  expect(await names("projects")).toEqual(["demo", "home"]);
  expect(await names("mcptoken", "demo")).toEqual(["of-demo"]);
  expect((await names("mcptoken")).toSorted()).toEqual(["of-demo", "of-home"]);
  expect(await names("user", "demo")).toContain("alice@example.com");
  expect(await names("context")).toEqual(["local"]);
});

test("nobody who may not see them is told names; every kind can be asked for", async () => {
  const stranger = await w.userWith("stranger", []);
  expect(await names("project", undefined, env(w.url, w.fetch, stranger))).toEqual([]);
  expect(await names("project", undefined, env(w.url, w.fetch, "mcpctl_ses_wrong"))).toEqual([]);
  for (const { kind } of tree.kinds) expect(Array.isArray(await names(kind, "demo"))).toBe(true);
});

test("names that a shell might run are not offered", async () => {
  const instance = hostileInstance();
  try {
    expect(await names("server", undefined, env(instance.url, fetch))).toEqual(["files", "fine"]);
  } finally {
    await instance.stop();
  }
});

test("who does not answer, or answers nonsense, is not waited for", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  const { port } = silent.address() as { port: number };
  const answers: [string, Env["fetch"]][] = [
    [`http://127.0.0.1:${port}`, fetch],
    ["http://127.0.0.1:9", fetch],
    ["not an address", fetch],
    [w.url, async () => Response.json({ items: 5 })],
    [w.url, async () => new Response("<html>")],
    [w.url, () => new Promise(() => {})],
  ];
  for (const [url, by] of answers) {
    const start = performance.now();
    expect([url, await names("server", undefined, env(url, by, w.admin, "300"))]).toEqual([url, []]);
    expect(performance.now() - start).toBeLessThan(900);
  }
  silent.close();
});
