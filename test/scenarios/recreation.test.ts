import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { kinds } from "../../src/resources/index.ts";
import type { Op, Row } from "../../src/storage/op.ts";
import { type World, world } from "../world.ts";

/** What is deleted and made again under the same name is something else: it revives no right, token, login, password or membership. */
let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: [] });
});
afterAll(() => w.close());

const rows = (text: string) =>
  w.rooms.db.read(function* (): Op<Row[]> {
    return yield { parts: [text], values: [] };
  });
const count = async (text: string) => Number((await rows(`SELECT count(*) AS n FROM ${text}`))[0]?.["n"]);

/** Of what is named `project/name`; nothing before the slash is every project, and `mcpctl-system` mcpctl itself. */
const ofNoProject =
  "substr(name, 1, instr(name, '/') - 1) NOT IN (SELECT name FROM resources WHERE kind = 'project' UNION VALUES (''), ('mcpctl-system'))";

/** Rows that point at something that is not there. */
const dangling: Record<string, string> = {
  "subjects of no definition": "rbac_subjects WHERE definition_id NOT IN (SELECT id FROM resources)",
  "subjects that are nobody":
    "rbac_subjects WHERE substr(subject, instr(subject, ':') + 1) NOT IN (SELECT id FROM resources UNION SELECT id FROM tokens)",
  "members of no group": "group_members WHERE group_id NOT IN (SELECT id FROM resources)",
  "members that are nobody": "group_members WHERE member_id NOT IN (SELECT id FROM resources)",
  "tokens of no project": "tokens WHERE project_id NOT IN (SELECT id FROM resources)",
  "tokens of nobody": "tokens WHERE owner_id NOT IN (SELECT id FROM resources)",
  "children of no token": "tokens WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM tokens)",
  "definitions of no token":
    "resources WHERE kind = 'rbac' AND name LIKE 'mcptoken-%' AND substr(name, 10) NOT IN (SELECT id FROM tokens WHERE revoked_at IS NULL)",
  "logins of nobody": "sessions WHERE user_id NOT IN (SELECT id FROM resources)",
  "passwords of nobody": "passwords WHERE user_id NOT IN (SELECT id FROM resources)",
  "pins of no server": "tool_pins WHERE server_id NOT IN (SELECT id FROM resources)",
  "variants of no server": "variants WHERE server_id NOT IN (SELECT id FROM resources)",
  "offers of no server": "offers WHERE server_id NOT IN (SELECT id FROM resources)",
  "prompts of no project": `resources WHERE kind = 'prompt' AND ${ofNoProject}`,
  "promptrequests of no project": `resources WHERE kind = 'promptrequest' AND ${ofNoProject}`,
  "values of no secret": "secret_values WHERE secret_id NOT IN (SELECT id FROM resources)",
};
const leftBehind = async () => {
  const counted = await Promise.all(
    Object.entries(dangling).map(async ([what, text]) => [what, await count(text)] as const),
  );
  return Object.fromEntries(counted.filter(([, n]) => n > 0));
};

let made = 0;
type Minted = { id: string; token: string };
const grants = [
  { role: "view", resource: "projects" },
  { role: "create", resource: "mcptokens" },
];

/** Somebody with a group, a token with rights of its own, one that this token minted, and a definition that names that one. */
async function family() {
  const n = ++made;
  const [user, group, project] = [`f${n}@example.com`, `family-${n}`, `house-${n}`];
  const roleBindings = [...grants, { role: "run", resource: "projects", name: project }];
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "project", name: project, servers: [] },
      { kind: "prompt", name: "house", project, content: "x" },
      { kind: "promptrequest", name: "wish", project, content: "x" },
      { kind: "user", name: user },
      { kind: "group", name: group, members: [user] },
      { kind: "rbac", name: group, subjects: [{ kind: "Group", name: group }], roleBindings },
    ],
  });
  const login = await w.loginAs(user);
  const mint = async (name: string, bearer: string, fields: object): Promise<Minted & { sha: string }> => {
    const answer = await w.api("POST", "/api/v1/mcptokens", { name, project, ...fields }, bearer);
    expect([name, answer.status]).toEqual([name, 201]);
    return answer.json;
  };
  const parent = await mint("parent", login, { roleBindings: grants });
  const child = await mint("child", parent.token, { roleBindings: grants.slice(0, 1) });
  const named = { name: `named-${n}`, subjects: [{ kind: "McpToken", name: child.sha }], roleBindings: [] };
  await w.must("POST", "/api/v1/rbac", named);
  return { user, group, project, login, parent, child, named: named.name };
}
const userPath = (name: string) => `/api/v1/users/${encodeURIComponent(name)}`;

describe("what goes with its end", () => {
  const ends: [string, (of: Awaited<ReturnType<typeof family>>) => Promise<unknown>][] = [
    ["the project is deleted", ({ project }) => w.must("DELETE", `/api/v1/projects/${project}`)],
    ["the owner is deleted", ({ user }) => w.must("DELETE", userPath(user))],
    ["the parent is deleted", ({ parent }) => w.must("DELETE", `/api/v1/mcptokens/${parent.id}`)],
    ["the parent is revoked", ({ parent }) => w.must("POST", `/api/v1/mcptokens/${parent.id}/revoke`)],
    ["the parent is rotated", ({ parent }) => w.must("POST", `/api/v1/mcptokens/${parent.id}/rotate`, {})],
  ];

  test.each(ends)("%s: no definition and no subject is left of its tokens", async (what, end) => {
    const of = await family();
    const definition = (id: string) => count(`resources WHERE kind = 'rbac' AND name = 'mcptoken-${id}'`);
    expect([await definition(of.parent.id), await definition(of.child.id)]).toEqual([1, 1]);
    expect(await count(`rbac_subjects WHERE subject = 'McpToken:${of.child.id}'`)).toBe(2);
    await end(of);
    for (const { id, token } of [of.parent, of.child]) {
      expect(await definition(id)).toBe(0);
      expect(await count(`rbac_subjects WHERE subject = 'McpToken:${id}'`)).toBe(0);
      expect([what, (await w.rpc(token, "ping")).status]).toEqual([what, 401]);
    }
    expect((await w.must("GET", `/api/v1/rbac/${of.named}`)).subjects).toEqual([]);
    expect(await leftBehind()).toEqual({});
  });
});

describe("made again under the same name", () => {
  test("a user: no right, group, token, login or password of the one before", async () => {
    const { user, group, login, parent, child } = await family();
    await w.must("PUT", userPath(user), { name: user, password: "the-old-password" });
    const again = await w.loginAs(user);
    await w.must("DELETE", userPath(user));
    await w.must("POST", "/api/v1/users", { name: user });
    for (const bearer of [login, again, parent.token, child.token])
      expect((await w.api("GET", "/api/v1/auth/whoami", undefined, bearer)).status).toBe(401);
    const credentials = { email: user, password: "the-old-password" };
    expect((await w.api("POST", "/api/v1/auth/login", credentials, "")).status).toBe(401);
    const fresh = await w.loginAs(user);
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, fresh)).json.bindings).toEqual([]);
    expect((await w.must("GET", `/api/v1/groups/${group}`)).members).toEqual([]);
    expect(await leftBehind()).toEqual({});
  });

  test("a service account likewise", async () => {
    await w.must("POST", "/api/v1/serviceaccounts", { name: "robot" });
    await w.must("POST", "/api/v1/groups", { name: "robots", members: ["robot"] });
    const roleBindings = [{ role: "view", resource: "projects" }];
    for (const [name, subject] of [
      ["robot-own", { kind: "ServiceAccount", name: "robot" }],
      ["robot-group", { kind: "Group", name: "robots" }],
    ])
      await w.must("POST", "/api/v1/rbac", { name, subjects: [subject], roleBindings });
    const open = async () => (await w.must("POST", "/api/v1/serviceaccounts/robot/sessions", {})).token as string;
    const before = await open();
    expect((await w.api("GET", "/api/v1/projects", undefined, before)).status).toBe(200);
    await w.must("DELETE", "/api/v1/serviceaccounts/robot");
    await w.must("POST", "/api/v1/serviceaccounts", { name: "robot" });
    expect((await w.api("GET", "/api/v1/projects", undefined, before)).status).toBe(401);
    expect((await w.api("GET", "/api/v1/projects", undefined, await open())).status).toBe(403);
    expect((await w.must("GET", "/api/v1/rbac/robot-own")).subjects).toEqual([]);
    expect(await leftBehind()).toEqual({});
  });

  test("a group gives nobody what the one before gave", async () => {
    const { user, group, login, parent } = await family();
    expect((await w.api("GET", "/api/v1/projects", undefined, login)).status).toBe(200);
    const removed = await w.api("DELETE", `/api/v1/groups/${group}`);
    // A group that is given something is in use; it goes once it is not.
    if (removed.status === 409) {
      const definition = await w.must("GET", `/api/v1/rbac/${group}`);
      const { roleBindings } = definition;
      await w.must("PUT", `/api/v1/rbac/${group}`, { name: group, subjects: [], roleBindings });
      await w.must("DELETE", `/api/v1/groups/${group}`);
    }
    await w.must("POST", "/api/v1/groups", { name: group, members: [user] });
    expect((await w.api("GET", "/api/v1/projects", undefined, login)).status).toBe(403);
    expect((await w.rpc(parent.token, "ping")).status).toBe(403);
    expect(await leftBehind()).toEqual({});
  });

  test("a project opens to no token of the one before, and lists none", async () => {
    const { project, parent, child } = await family();
    await w.must("DELETE", `/api/v1/projects/${project}`);
    await w.must("POST", "/api/v1/projects", { name: project, servers: [] });
    for (const { token } of [parent, child])
      for (const path of ["/mcp", `/projects/${project}/mcp`])
        expect((await w.rpc(token, "ping", {}, path)).status).toBe(401);
    for (const plural of ["mcptokens", "prompts", "promptrequests"])
      expect((await w.must("GET", `/api/v1/${plural}?project=${project}`)).items).toEqual([]);
    expect(await leftBehind()).toEqual({});
  });

  test("a server has another id, and nothing that the one before offered or was trusted with", async () => {
    const create = () => w.must("POST", "/api/v1/servers", { name: "again", command: ["/nowhere"] });
    const { id } = await create();
    await w.rooms.db.write(function* () {
      yield {
        parts: [`INSERT INTO tool_pins (server_id, fingerprint, tool, read_only) VALUES ('${id}', 'x', 'look', 1)`],
        values: [],
      };
      yield { parts: [`INSERT INTO offers VALUES ('${id}', '1', '{}', 1)`], values: [] };
    });
    await w.must("DELETE", "/api/v1/servers/again");
    expect((await create()).id).not.toBe(id);
    expect(await leftBehind()).toEqual({});
  });

  test("a token of the same name has another bearer, subject and rights", async () => {
    const { project, parent } = await family();
    await w.must("POST", `/api/v1/mcptokens/${parent.id}/revoke`);
    const next = await w.must("POST", "/api/v1/mcptokens", { name: "parent", project });
    expect([next.id === parent.id, next.sha === parent.sha]).toEqual([false, false]);
    expect((await w.rpc(parent.token, "ping")).status).toBe(401);
    expect((await w.api("GET", "/api/v1/projects", undefined, next.token)).status).toBe(403);
  });
});

test("each of these looks can find something", async () => {
  // Foreign keys keep most of it away; with them off, a row of each sort is planted and seen.
  // Nothing points at a template.
  expect(Object.keys(dangling).length).toBeGreaterThan(kinds.filter(({ kind }) => kind !== "template").length);
  const nobody = {
    parts: ["INSERT INTO rbac_subjects SELECT id, 'User:nobody' FROM resources WHERE kind = 'rbac' LIMIT 1"],
    values: [],
  };
  const definition = {
    parts: ["INSERT INTO resources VALUES ('planted', 'rbac', 'mcptoken-planted', 1, '{}', 1, 1)"],
    values: [],
  };
  const prompts = {
    parts: [
      "INSERT INTO resources VALUES ('p1', 'prompt', 'gone/p', 1, '{}', 1, 1), ('p2', 'promptrequest', 'gone/p', 1, '{}', 1, 1), ('p3', 'prompt', '/p', 1, '{}', 1, 1)",
    ],
    values: [],
  };
  await w.rooms.db.write(function* () {
    yield nobody;
    yield definition;
    yield prompts;
  });
  expect(await leftBehind()).toEqual({
    "subjects that are nobody": 1,
    "definitions of no token": 1,
    "prompts of no project": 1,
    "promptrequests of no project": 1,
  });
});

test("nor what was under way at the gateway: a session is its maker's, whoever has that name later", async () => {
  const name = "session@example.com";
  const bindings = [{ role: "run", resource: "projects", name: "demo" }] as const;
  const initialize = { jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25" } };
  const path = "/projects/demo/mcp";
  const ping = async (login: string, session: string) =>
    await w.fetch(
      new Request(w.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${login}`, "content-type": "application/json", "mcp-session-id": session },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
      }),
    );
  const first = await w.userWith("session", bindings);
  const session = (await w.api("POST", path, initialize, first)).headers.get("mcp-session-id") ?? "";
  expect((await ping(first, session)).status).toBe(200);
  await w.must("DELETE", `/api/v1/users/${name}`);
  await w.must("DELETE", "/api/v1/rbac/of-session");
  const second = await w.userWith("session", bindings);
  expect((await ping(second, session)).status).toBe(404);
});
