import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Binding } from "../../src/resources/rbac.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "local", command: fixture() },
      { kind: "project", name: "demo", servers: ["local"] },
    ],
  });
});
afterAll(() => w.close());

const look: Binding[] = [{ role: "view", resource: "servers" }];
const mints: Binding[] = [
  { role: "create", resource: "mcptokens" },
  { role: "view", resource: "projects" },
];
const mint = async (name: string, roleBindings: Binding[], bearer = w.admin) =>
  (await w.api("POST", "/api/v1/mcptokens", { name, project: "demo", roleBindings }, bearer)).json as {
    id: string;
    token: string;
    roleBindings?: Binding[];
  };
const sees = async (bearer: string) => (await w.api("GET", "/api/v1/servers", undefined, bearer)).status;
/** Takes a token's own definition away from it, as an administrator may, and leaves what stands in it. */
async function forget({ id }: { id: string }): Promise<void> {
  const { name, roleBindings } = await w.must("GET", `/api/v1/rbac/mcptoken-${id}`);
  await w.must("PUT", `/api/v1/rbac/${name}`, { name, subjects: [], roleBindings });
}

test("what is taken from a token is taken from all that it minted", async () => {
  const parent = await mint("parent", [...look, ...mints]);
  const child = await mint("child", look, parent.token);
  expect([await sees(parent.token), await sees(child.token)]).toEqual([200, 200]);
  await forget(parent);
  expect([await sees(parent.token), await sees(child.token)]).toEqual([403, 403]);
});

test("what was taken from a token does not come back by rotating it", async () => {
  const old = await mint("turned", look);
  await forget(old);
  expect((await w.must("GET", `/api/v1/mcptokens/${old.id}`)).roleBindings).toBeUndefined();
  const { token } = await w.must("POST", `/api/v1/mcptokens/${old.id}/rotate`, {});
  expect(await sees(token)).toBe(403);
});

test("joining a group, setting a password, waking an account, or taking one over, needs all that is had by it", async () => {
  await w.userWith("rich", [{ role: "run", action: "backup" }]);
  const documents = [
    { kind: "serviceaccount", name: "sleeper", disabled: true },
    { kind: "group", name: "savers" },
    {
      kind: "rbac",
      name: "savers",
      subjects: [
        { kind: "Group", name: "savers" },
        { kind: "ServiceAccount", name: "sleeper" },
      ],
      roleBindings: [{ role: "run", action: "backup" }],
    },
    { kind: "user", name: "rich@example.com", disabled: true },
  ];
  await w.must("POST", "/api/v1/apply", { documents });
  const kinds = ["users", "groups", "serviceaccounts"];
  const edits = kinds.map((resource): Binding => ({ role: "edit", resource }));
  const poor = await w.userWith("poor", edits);
  const able = await w.userWith("able", [...edits, { role: "run", action: "backup" }]);
  const moves: [string, string, object][] = [
    ["PUT", "/api/v1/groups/savers", { name: "savers", members: ["poor@example.com"] }],
    ["PUT", "/api/v1/users/rich@example.com", { name: "rich@example.com" }],
    ["PUT", "/api/v1/users/rich@example.com", { name: "rich@example.com", disabled: true, password: "long enough" }],
    ["POST", "/api/v1/serviceaccounts/sleeper/sessions", {}],
    ["PUT", "/api/v1/serviceaccounts/sleeper", { name: "sleeper" }],
  ];
  for (const [method, path, body] of moves) {
    const refused = await w.api(method, path, body, poor);
    expect([path, refused.status, refused.json.fields?.[0]?.message]).toEqual([path, 403, "you lack action:backup"]);
  }
  for (const [method, path, body] of moves) expect((await w.api(method, path, body, able)).status).toBeLessThan(300);
});

test("a server is put into a project by whoever may call all of its tools anywhere", async () => {
  const rights: Binding[] = [
    { role: "edit", resource: "projects" },
    { role: "view", resource: "servers" },
    { role: "run", resource: "tools", name: "local/e*" },
  ];
  const body = { name: "new", servers: ["local"] };
  const some = await w.api("POST", "/api/v1/projects", body, await w.userWith("some", rights));
  expect([some.status, some.json.fields?.[0]?.message]).toEqual([403, "you lack role:run,resource:tools,name:local/*"]);
  const all = await w.userWith("all", [...rights, { role: "run", resource: "tools", name: "local/*" }]);
  expect((await w.api("POST", "/api/v1/projects", body, all)).status).toBe(201);
});

test("a token's definition that makes the last administrator is not ended with the token, its project or its owner", async () => {
  await using alone = await world();
  await alone.must("POST", "/api/v1/projects", { name: "demo" });
  const { id } = await alone.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo", roleBindings: look });
  const { name, subjects } = await alone.must("GET", `/api/v1/rbac/mcptoken-${id}`);
  const { roleBindings } = await alone.must("GET", "/api/v1/rbac/administrators");
  const both = [...subjects, { kind: "User", name: "admin@localhost" }];
  await alone.must("PUT", `/api/v1/rbac/${name}`, { name, subjects: both, roleBindings });
  await alone.must("DELETE", "/api/v1/rbac/administrators");
  for (const [method, path, body] of [
    ["POST", `/api/v1/mcptokens/${id}/revoke`, {}],
    ["POST", `/api/v1/mcptokens/${id}/rotate`, {}],
    ["POST", "/api/v1/mcptokens", { name: "t", project: "demo", force: true }],
    ["DELETE", `/api/v1/mcptokens/${id}`, undefined],
    ["DELETE", "/api/v1/projects/demo", undefined],
  ] as const) {
    const { status, json } = await alone.api(method, path, body);
    expect([method, path, status, json.detail]).toEqual([
      method,
      path,
      409,
      "this would leave nobody who may do everything",
    ]);
  }
});

test("a child is held to its minter's tools, a rotated token to what its rotator has, any token to its wall", async () => {
  const run: Binding = { role: "run", resource: "projects", name: "demo" };
  const fields = { name: "bound", project: "demo", tools: ["local/e*"], roleBindings: [...mints, run] };
  const parent = await w.must("POST", "/api/v1/mcptokens", fields);
  const child = await mint("unbound", [], parent.token);
  const may = async (question: object, bearer: string) =>
    (await w.api("POST", "/api/v1/auth/can-i", question, bearer)).json.allowed;
  const call = (name: string) => ({ verb: "run", resource: "tools", name });
  for (const { token } of [parent, child])
    expect([await may(call("local/echo"), token), await may(call("local/add"), token)]).toEqual([true, false]);

  const wide = await mint("wide", [
    { role: "run", action: "*" },
    { role: "edit", resource: "*" },
  ]);
  expect(await may({ action: "logs" }, wide.token)).toBe(true);
  for (const action of ["backup", "impersonate", "servers-execute"])
    expect(await may({ action }, wide.token)).toBe(false);
  const server = { name: "local", command: fixture(), description: "changed" };
  expect((await w.api("PUT", "/api/v1/servers/local", server, wide.token)).status).toBe(403);

  const rights: Binding[] = [...mints, { role: "view", resource: "mcptokens" }, { role: "run", resource: "projects" }];
  const turner = await w.userWith("turner", rights);
  const refused = await w.api("POST", `/api/v1/mcptokens/${wide.id}/rotate`, {}, turner);
  expect([refused.status, refused.json.fields?.[0]?.message]).toEqual([403, "you lack action:*"]);
});

test("a token ends, and is narrowed, with its time, its owner and its revocation", async () => {
  const rights = [...mints, ...look, { role: "run", resource: "projects" } as const];
  const bearer = await w.userWith("owner", rights);
  const at = async ({ token }: { token: string }) => [(await w.rpc(token, "ping")).status, await sees(token)];
  const body = { name: "brief", project: "demo", roleBindings: look, ttl: "1h" };
  const brief = (await w.api("POST", "/api/v1/mcptokens", body, bearer)).json;
  const long = await mint("long", look, bearer);
  expect([await at(brief), await at(long)]).toEqual([
    [200, 200],
    [200, 200],
  ]);
  const definition = await w.must("GET", "/api/v1/rbac/of-owner");
  await w.must("PUT", "/api/v1/rbac/of-owner", { ...definition, roleBindings: mints });
  expect(await at(long)).toEqual([403, 403]);
  await w.must("PUT", "/api/v1/rbac/of-owner", { ...definition, roleBindings: rights });
  expect(await at(long)).toEqual([200, 200]);
  await w.must("PUT", "/api/v1/users/owner@example.com", { name: "owner@example.com", disabled: true });
  expect(await at(long)).toEqual([401, 401]);
  await w.must("PUT", "/api/v1/users/owner@example.com", { name: "owner@example.com" });
  w.advance(3_600_001);
  expect([await at(brief), await at(long)]).toEqual([
    [401, 401],
    [200, 200],
  ]);
  await w.must("POST", `/api/v1/mcptokens/${long.id}/revoke`);
  expect(await at(long)).toEqual([401, 401]);
});

test("rotating keeps the tools, the minter and the overlap, and is no business of a token", async () => {
  const parent = await mint("line", [...mints, { role: "delete", resource: "mcptokens" }]);
  const made = { name: "few", project: "demo", tools: ["local/e*"] };
  const old = (await w.api("POST", "/api/v1/mcptokens", made, parent.token)).json;
  expect((await w.api("POST", `/api/v1/mcptokens/${old.id}/rotate`, {}, parent.token)).status).toBe(403);
  const next = await w.must("POST", `/api/v1/mcptokens/${old.id}/rotate`, { overlap: "1h" });
  expect(next).toMatchObject({ tools: ["local/e*"], parent: parent.id });
  const status = async (token: string) => (await w.rpc(token, "ping")).status;
  expect([await status(old.token), await status(next.token)]).toEqual([200, 200]);
  w.advance(3_600_001);
  expect([await status(old.token), await status(next.token)]).toEqual([401, 200]);
  await w.must("POST", `/api/v1/mcptokens/${parent.id}/revoke`);
  expect(await status(next.token)).toBe(401);
});

test("whoever ends a name ends all that answers to it: what was rotated and still has its overlap, and what these minted", async () => {
  for (const end of ["revoke", "delete"]) {
    const first = await mint(`family-${end}`, [...look, ...mints]);
    const child = await mint(`child-${end}`, look, first.token);
    const second = await w.must("POST", `/api/v1/mcptokens/${first.id}/rotate`, { overlap: "1d" });
    const third = await w.must("POST", `/api/v1/mcptokens/${second.id}/rotate`, { overlap: "1d" });
    const all = [first.token, child.token, second.token, third.token];
    expect(await Promise.all(all.map(sees))).toEqual([200, 200, 200, 200]);
    const path = `/api/v1/mcptokens/family-${end}`;
    if (end === "revoke") await w.must("POST", `${path}/revoke?project=demo`);
    else await w.must("DELETE", `${path}?project=demo`);
    expect(await Promise.all(all.map(sees))).toEqual([401, 401, 401, 401]);
  }
});
