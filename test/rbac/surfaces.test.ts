import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "local", command: fixture() },
      { kind: "project", name: "demo", servers: ["local"] },
      { kind: "project", name: "other", servers: ["local"] },
    ],
  });
});
afterAll(() => w.close());

test("a definition may name a token by its public digits, and gives it nothing beyond its wall", async () => {
  const { sha, token, id } = await w.must("POST", "/api/v1/mcptokens", { name: "named", project: "demo" });
  const definition = (name: string) => ({
    name: "for-a-token",
    subjects: [{ kind: "McpToken", name }],
    roleBindings: [{ role: "view", resource: "projects" }],
  });
  expect((await w.api("POST", "/api/v1/rbac", definition("0123456789abcdef"))).status).toBe(422);
  expect((await w.api("POST", "/api/v1/rbac", definition(sha))).status).toBe(201);
  const items = (await w.api("GET", "/api/v1/projects", undefined, token)).json.items;
  expect(items.map(({ name }: { name: string }) => name)).toEqual(["demo"]);
  const may = [{ role: "view", resource: "mcptokens" }] as const;
  const helper = await w.userWith("helper", [
    { role: "edit", resource: "rbac" },
    { role: "view", resource: "projects" },
  ]);
  const change = { ...definition(sha), name: "by-helper" };
  expect((await w.api("POST", "/api/v1/rbac", change, helper)).status).toBe(403);
  const seer = await w.userWith("seer", [
    { role: "edit", resource: "rbac" },
    { role: "view", resource: "projects" },
    ...may,
  ]);
  expect((await w.api("POST", "/api/v1/rbac", change, seer)).status).toBe(201);
  await w.must("POST", `/api/v1/mcptokens/${id}/revoke`);
  expect((await w.must("GET", "/api/v1/rbac/for-a-token")).subjects).toEqual([]);
});

test("a token made for single tools is told that it may call them in its own project, and in no other", async () => {
  const { sha, token } = await w.must("POST", "/api/v1/mcptokens", {
    name: "few",
    project: "demo",
    tools: ["local/*"],
  });
  const question = { verb: "run", resource: "tools", name: "local/echo" };
  const may = async (body: object, bearer?: string) =>
    (await w.api("POST", "/api/v1/auth/can-i", { ...question, ...body }, bearer)).json;
  for (const [body, bearer] of [[{ as: `McpToken:${sha}` }, w.admin] as const, [{}, token] as const]) {
    expect((await may(body, bearer)).allowed).toBe(true);
    expect((await may({ ...body, project: "demo" }, bearer)).allowed).toBe(true);
    expect(await may({ ...body, project: "other" }, bearer)).toMatchObject({
      allowed: false,
      because: 'a token is confined to its project "demo"',
    });
  }
});

test("an id is no name: what is addressed by its id is not renamed by a body that bears that id", async () => {
  const { id } = await w.must("GET", "/api/v1/servers/local");
  const body = { name: id, command: fixture(), description: "renamed" };
  for (const [method, path] of [
    ["PUT", `/api/v1/servers/${id}`],
    ["POST", "/api/v1/servers"],
    ["POST", "/api/v1/apply"],
  ] as const) {
    const { status, json } = await w.api(
      method,
      path,
      path.endsWith("apply") ? { documents: [{ kind: "server", ...body }] } : body,
    );
    expect([status, json.fields?.[0]?.path]).toEqual([422, "/name"]);
  }
  expect((await w.must("GET", `/api/v1/servers/${id}`)).name).toBe("local");
});

test("one's own tokens are listed by a project's id as by its name", async () => {
  const maker = await w.userWith("maker", [
    { role: "create", resource: "mcptokens" },
    { role: "view", resource: "projects" },
    { role: "run", resource: "projects" },
  ]);
  await w.api("POST", "/api/v1/mcptokens", { name: "mine", project: "other" }, maker);
  const { id } = await w.must("GET", "/api/v1/projects/other");
  for (const [project, count] of [
    ["other", 1],
    [id, 1],
    ["demo", 0],
  ])
    expect((await w.api("GET", `/api/v1/mcptokens?project=${project}`, undefined, maker)).json.items).toHaveLength(
      count,
    );
});

test("a right to run something else that is called like a project does not open that project's door", async () => {
  await w.must("POST", "/api/v1/projects", { name: "local", servers: ["local"] });
  const enter = async (name: string, resource: string) => {
    const token = await w.userWith(name, [{ role: "run", resource, name: "local" }]);
    return (await w.rpc(token, "ping", {}, "/projects/local/mcp")).status;
  };
  expect(await enter("runs-servers", "servers")).toBe(403);
  expect(await enter("runs-projects", "projects")).toBe(200);
});
