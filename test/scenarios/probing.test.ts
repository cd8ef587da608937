import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Binding } from "../../src/resources/rbac.ts";
import { type World, world } from "../world.ts";

/** What somebody with few rights tries who knows mcpctl well. */
let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "files", command: ["false"], replicas: 0 },
      { kind: "server", name: "payroll", command: ["false"], replicas: 0 },
      { kind: "project", name: "demo", servers: ["files"], prompt: "for those who may run it" },
      { kind: "project", name: "hidden", servers: ["payroll"] },
    ],
  });
});
afterAll(() => w.close());

let count = 0;
const user = (...bindings: Binding[]) => w.userWith(`p${++count}`, bindings);

test("a server that is meant by its id asks for the same rights as by its name, and is kept by its name", async () => {
  const ann = await user(
    { role: "run", resource: "tools", name: "*-*/*" },
    { role: "view", resource: "servers" },
    { role: "edit", resource: "projects", name: "mine" },
  );
  const { id } = (await w.api("GET", "/api/v1/servers/payroll")).json;
  const put = (servers: string[], bearer?: string) =>
    w.api("PUT", "/api/v1/projects/mine", { name: "mine", servers }, bearer);
  expect((await put(["payroll"], ann)).status).toBe(403);
  expect((await put([id], ann)).status).toBe(403);
  expect((await put([id, "payroll"])).json.servers).toEqual(["payroll"]);
});

test("a right to run what is no project opens no project of the same name", async () => {
  const ann = await user({ role: "run", resource: "servers", name: "demo" });
  expect((await w.rpc(ann, "initialize", {}, "/projects/demo/mcp")).status).toBe(403);
  const ben = await user({ role: "run", resource: "tools", name: "files/*" });
  expect((await w.rpc(ben, "initialize", {}, "/projects/demo/mcp")).status).toBe(200);
});

test("a refused write says the same of what exists and of what does not", async () => {
  const ann = await user();
  const details = async (kind: string, plural: string, name: string, other: string, fields: object) => {
    const said = [];
    for (const one of [name, other]) {
      const put = await w.api("PUT", `/api/v1/${plural}/${one}`, { name: one, ...fields }, ann);
      const document = { kind, name: one, ...fields };
      const applied = await w.api("POST", "/api/v1/apply", { documents: [document] }, ann);
      said.push([put.status, put.json.detail, applied.status, applied.json.detail].join().replaceAll(one, "NAME"));
    }
    return said;
  };
  for (const [there, absent] of [
    await details("server", "servers", "payroll", "absent", { command: ["x"] }),
    await details("project", "projects", "hidden", "absent", {}),
    await details("user", "users", "admin@localhost", "absent@localhost", {}),
  ])
    expect(there).toBe(absent ?? "");
});

test("a list of what lies in a project does not say which projects exist", async () => {
  const ann = await user({ role: "view", resource: "mcptokens" });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "clone", project: "demo", rbac: "clone" });
  for (const bearer of [ann, token]) {
    const lists = [];
    for (const project of ["hidden", "absent"])
      lists.push(await w.api("GET", `/api/v1/mcptokens?project=${project}`, undefined, bearer));
    expect(lists.map(({ status, text }) => `${status} ${text}`)).toEqual(Array(2).fill('200 {"items":[]}'));
  }
  expect((await w.api("GET", "/api/v1/mcptokens?project=absent")).status).toBe(404);
});

test("what is in use is not deleted, and its users are named to those who may view them", async () => {
  const ann = await user({ role: "delete", resource: "servers" });
  const ben = await user(
    { role: "delete", resource: "servers" },
    { role: "view", resource: "projects", name: "hidden" },
  );
  const refusal = async (bearer: string) => (await w.api("DELETE", "/api/v1/servers/payroll", undefined, bearer)).json;
  expect((await refusal(ann)).detail).toBe('server "payroll" is in use by what you may not view');
  expect((await refusal(ben)).detail).toStartWith('server "payroll" is in use by project hidden');
});

test("a token that is refused learns nothing of what its owner may do elsewhere, nor by asking why", async () => {
  const owner = await user(
    { role: "run", resource: "projects", name: "demo" },
    { role: "view", resource: "projects", name: "demo" },
    { role: "create", resource: "mcptokens" },
    { role: "run", resource: "projects", name: "hidden" },
  );
  const { token, sha } = (await w.api("POST", "/api/v1/mcptokens", { name: "of-demo", project: "demo" }, owner)).json;
  const ask = async (bearer: string, more = {}) =>
    (await w.api("POST", "/api/v1/auth/can-i", { verb: "run", resource: "projects", name: "x", ...more }, bearer)).text;
  expect(await ask(token)).not.toContain("hidden");
  expect(await ask(owner)).toContain("hidden");
  expect(await ask(w.admin, { as: `McpToken:${sha}` })).toContain("hidden");
  expect(
    (await w.api("POST", "/api/v1/auth/can-i", { verb: "run", resource: "projects", name: "demo" }, token)).json,
  ).toMatchObject({ allowed: true, layers: [{}, {}] });
});

test("no password is hashed for somebody who may not make or change that user", async () => {
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "of-nobody", project: "demo" });
  const users = Array.from({ length: 30 }, (_, i) => ({ kind: "user", name: `u${i}@a.b`, password: "long enough" }));
  const started = performance.now();
  expect((await w.api("POST", "/api/v1/apply", { documents: users }, token)).status).toBe(403);
  const { kind: _, ...first } = users[0] ?? {};
  expect((await w.api("POST", "/api/v1/users", first, token)).status).toBe(403);
  // Thirty hashes take seconds, and every login waits behind them.
  expect(performance.now() - started).toBeLessThan(1_000);
});

test("the token that a new one ends by force is recorded as ended", async () => {
  await w.must("POST", "/api/v1/mcptokens", { name: "forced", project: "demo" });
  await w.must("POST", "/api/v1/mcptokens", { name: "forced", project: "demo", force: true });
  const { items } = (await w.api("GET", "/api/v1/audit/events?kind=change&limit=2")).json;
  expect(items).toMatchObject([
    { action: "create", resource: "mcptokens/forced" },
    { action: "revoke", resource: "mcptokens/forced", detail: { after: { state: "revoked" } } },
  ]);
});

test("a token of a project that was made anew sees nothing of the log of the one before", async () => {
  await w.must("POST", "/api/v1/projects", { name: "again", description: "the first" });
  await w.must("DELETE", "/api/v1/projects/again");
  w.advance(1_000);
  await w.must("POST", "/api/v1/projects", { name: "again", description: "the second" });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "reader", project: "again", rbac: "clone" });
  for (const query of ["events", "events?since=1h", "sessions"]) {
    const { items } = (await w.api("GET", `/api/v1/audit/${query}`, undefined, token)).json;
    const counts = query === "sessions" ? items.map((item: { events: number }) => item.events) : [items.length];
    expect(counts).toEqual([2]);
  }
});

test("a dry run does not say whether a secret was guessed", async () => {
  const secret = (pin: string) => ({ kind: "secret", name: "pin", data: { pin } });
  const apply = async (pin: string, dryRun: boolean) =>
    (await w.must("POST", "/api/v1/apply", { documents: [secret(pin)], dryRun })).results[0].action;
  expect(await apply("4711", false)).toBe("created");
  expect([await apply("0000", true), await apply("4711", true)]).toEqual(["configured", "configured"]);
  expect(await apply("4711", false)).toBe("unchanged");
});

test("an id says nothing of what it leads to, nor whether it leads anywhere", async () => {
  const ann = await user();
  const { id } = (await w.api("GET", "/api/v1/servers/payroll")).json;
  const absent = id.replace(/.$/, (digit: string) => (digit === "0" ? "1" : "0"));
  const details = [];
  for (const one of [id, absent])
    details.push((await w.api("GET", `/api/v1/servers/${one}`, undefined, ann)).json.detail.replaceAll(one, "ID"));
  expect(details[0]).toContain("name:ID");
  expect(details[1]).toBe(details[0]);
});
