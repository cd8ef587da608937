import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Binding } from "../../src/resources/rbac.ts";
import { definitionsFor } from "../../src/storage/subjects.ts";
import { alike, fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "secret", name: "vault", data: { key: "value" } },
      { kind: "server", name: "local", command: fixture() },
      { kind: "project", name: "demo", servers: ["local"] },
      { kind: "project", name: "other", servers: [] },
    ],
  });
  await w.until("it runs", w.isRunning("local"));
});
afterAll(() => w.close());

let count = 0;
const user = async (...bindings: Binding[]) => {
  const name = `u${++count}`;
  return { name: `${name}@example.com`, rbac: `of-${name}`, token: await w.userWith(name, bindings) };
};
const missing = (json: { fields?: { message: string }[] }) => (json.fields ?? []).map(({ message }) => message);

describe("the ceiling, when written", () => {
  test("nobody hands out what they do not hold, and the refusal says what that is", async () => {
    const ann = await user({ role: "edit", resource: "rbac" }, { role: "view", resource: "*" });
    const give = (roleBindings: Binding[]) =>
      w.api(
        "POST",
        "/api/v1/rbac",
        { name: "gift", subjects: [{ kind: "User", name: ann.name }], roleBindings },
        ann.token,
      );
    const refused = await give([
      { role: "edit", resource: "servers" },
      { role: "run", action: "logs" },
    ]);
    expect([refused.status, missing(refused.json)]).toEqual([
      403,
      [
        "you lack role:create,resource:servers",
        "you lack role:edit,resource:servers",
        "you lack role:delete,resource:servers",
        "you lack action:logs",
      ],
    ]);
    expect((await w.api("GET", "/api/v1/rbac/gift")).status).toBe(404);
    expect((await give([{ role: "view", resource: "servers", name: "local" }])).status).toBe(201);
  });

  test("nor by putting themselves into somebody else's definition, nor by applying it", async () => {
    const ann = await user({ role: "edit", resource: "rbac" }, { role: "view", resource: "users" });
    const admins = (await w.api("GET", "/api/v1/rbac/administrators")).json;
    const subjects = [...admins.subjects, { kind: "User", name: ann.name }];
    const body = { name: "administrators", subjects, roleBindings: admins.roleBindings };
    expect((await w.api("PUT", "/api/v1/rbac/administrators", body, ann.token)).status).toBe(403);
    expect((await w.api("POST", "/api/v1/apply", { documents: [{ kind: "rbac", ...body }] }, ann.token)).status).toBe(
      403,
    );
    expect((await w.api("GET", "/api/v1/rbac/administrators")).json.version).toBe(admins.version);
  });

  test("a password is a key to all its user may do: setting it needs as much", async () => {
    const helpdesk = await user({ role: "edit", resource: "users" });
    const password = { name: "admin@localhost", password: "taken-over-1" };
    const refused = await w.api("PUT", "/api/v1/users/admin%40localhost", password, helpdesk.token);
    expect([refused.status, refused.json.detail]).toEqual([
      403,
      expect.stringMatching(/^whoever can log in as user "admin@localhost" has rights that \S+ may not give$/),
    ]);
    const other = await user({ role: "view", resource: "users" });
    const theirs = { name: other.name, password: "fine-by-me-1" };
    expect((await w.api("PUT", `/api/v1/users/${encodeURIComponent(other.name)}`, theirs, helpdesk.token)).status).toBe(
      200,
    );
  });

  test("a token needs the right to use its project", async () => {
    const minter = await user(
      { role: "create", resource: "mcptokens" },
      { role: "view", resource: "projects" },
      { role: "run", resource: "projects", name: "demo" },
    );
    const mint = (project: string) => w.api("POST", "/api/v1/mcptokens", { name: "m", project }, minter.token);
    expect((await mint("other")).status).toBe(403);
    expect((await mint("demo")).status).toBe(201);
  });

  test("what a server executes is a right of its own; its description is not", async () => {
    const ann = await user({ role: "edit", resource: "servers" });
    const spawn = await w.api("POST", "/api/v1/servers", { name: "mine", command: ["sh", "-c", "id"] }, ann.token);
    expect([spawn.status, spawn.json.detail]).toEqual([403, expect.stringContaining("lacks action:servers-execute")]);
    expect((await w.api("PUT", "/api/v1/servers/local", { name: "local", command: ["sh"] }, ann.token)).status).toBe(
      403,
    );
    const described = { name: "local", command: fixture(), description: "the same command" };
    expect((await w.api("PUT", "/api/v1/servers/local", described, ann.token)).status).toBe(200);
  });

  test("nor is whether it runs: who may edit it stops and starts it, and makes no other of it on the way", async () => {
    const ann = await user({ role: "edit", resource: "servers" });
    const stopped = { name: "stopped", command: fixture(), replicas: 0 };
    await w.must("POST", "/api/v1/servers", stopped);
    const put = async (change: object) =>
      (await w.api("PUT", "/api/v1/servers/stopped", { ...stopped, ...change }, ann.token)).status;
    expect([await put({ replicas: 1 }), await put({ replicas: 0 })]).toEqual([200, 200]);
    expect([await put({ replicas: 1, command: ["sh"] }), await put({ replicas: 1, env: [] })]).toEqual([403, 403]);
    expect((await w.api("DELETE", "/api/v1/servers/stopped", undefined, ann.token)).status).toBeLessThan(300);
    expect((await w.api("POST", "/api/v1/servers", stopped, ann.token)).status).toBe(403);
  });

  test("whoever names a secret must be able to view it", async () => {
    const ann = await user({ role: "edit", resource: "servers" }, { role: "run", action: "servers-execute" });
    const body = {
      name: "thief",
      command: ["env"],
      env: [{ name: "X", valueFrom: { secretRef: { name: "vault", key: "key" } } }],
    };
    expect((await w.api("POST", "/api/v1/servers", body, ann.token)).json.detail).toContain(
      "lacks role:view,resource:secrets,name:vault",
    );
  });
});

describe("the ceiling, at every request", () => {
  const minted = async () => {
    const owner = await user(
      { role: "create", resource: "mcptokens" },
      { role: "view", resource: "projects" },
      { role: "run", resource: "projects", name: "demo" },
    );
    const { json } = await w.api("POST", "/api/v1/mcptokens", { name: `of-${count}`, project: "demo" }, owner.token);
    const status = async () => (await w.rpc(json.token, "ping")).status;
    expect(await status()).toBe(200);
    return { owner, status, id: json.id as string, token: json.token as string };
  };

  test("demoting the owner ends it, and promoting again lets it live as before", async () => {
    const { owner, status } = await minted();
    const definition = (await w.api("GET", `/api/v1/rbac/${owner.rbac}`)).json;
    const put = (roleBindings: Binding[]) =>
      w.must("PUT", `/api/v1/rbac/${owner.rbac}`, { name: owner.rbac, subjects: definition.subjects, roleBindings });
    await put([{ role: "view", resource: "projects" }]);
    expect(await status()).toBe(403);
    await put(definition.roleBindings);
    expect(await status()).toBe(200);
  });

  test("disabling the owner refuses it, deleting the owner ends it for good, the same name again revives nothing", async () => {
    const { owner, status } = await minted();
    const path = `/api/v1/users/${encodeURIComponent(owner.name)}`;
    await w.must("PUT", path, { name: owner.name, disabled: true });
    expect(await status()).toBe(401);
    await w.must("PUT", path, { name: owner.name });
    expect(await status()).toBe(200);
    const { id } = await w.must("GET", path);
    await w.must("DELETE", path);
    expect(await w.rooms.db.read(() => definitionsFor(`User:${id}`))).toEqual([]);
    expect(await status()).toBe(401);
    await w.must("POST", "/api/v1/users", { name: owner.name });
    expect(await status()).toBe(401);
    const again = await w.loginAs(owner.name);
    expect((await w.api("GET", "/api/v1/projects", undefined, again)).status).toBe(403);
    expect((await w.api("GET", `/api/v1/rbac/${owner.rbac}`)).json.subjects).toEqual([]);
  });

  test("a project that is deleted and made again is another project", async () => {
    await w.must("POST", "/api/v1/projects", { name: "brief", servers: [] });
    const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "b", project: "brief" });
    await w.must("DELETE", "/api/v1/projects/brief");
    await w.must("POST", "/api/v1/projects", { name: "brief", servers: [] });
    expect((await w.rpc(token, "ping")).status).toBe(401);
  });

  test("revoking is felt by the very next request, however many are under way", async () => {
    const { id, token } = await minted();
    let revokedAt = Number.POSITIVE_INFINITY;
    const late: number[] = [];
    const callers = Array.from({ length: 16 }, async () => {
      for (let i = 0; i < 40; i++) {
        const startedAt = performance.now();
        const { status } = await w.rpc(token, "ping");
        if (startedAt > revokedAt && status !== 401) late.push(status);
      }
    });
    const revoking = (async () => {
      await Bun.sleep(15);
      await w.must("POST", `/api/v1/mcptokens/${id}/revoke`);
      revokedAt = performance.now();
    })();
    await Promise.all([...callers, revoking]);
    expect(revokedAt).toBeLessThan(performance.now());
    expect(late).toEqual([]);
  });

  test("somebody without any right learns nothing of which projects exist", async () => {
    const { token } = await user();
    for (const path of ["/api/v1/mcptokens", "/api/v1/mcptokens/story"]) {
      const [there, nowhere] = [
        await w.api("GET", `${path}?project=demo`, undefined, token),
        await w.api("GET", `${path}?project=nowhere`, undefined, token),
      ];
      expect([there.status, alike(there.text)]).toEqual([403, alike(nowhere.text)]);
    }
  });

  test("a token opens nothing of the control API, and says so of itself", async () => {
    const { token } = await minted();
    for (const path of [
      "/api/v1/servers",
      "/api/v1/projects",
      "/api/v1/mcptokens",
      "/api/v1/secrets",
      "/api/v1/instances",
    ]) {
      expect((await w.api("GET", path, undefined, token)).status).toBe(403);
    }
    expect((await w.api("POST", "/api/v1/mcptokens", { name: "child", project: "demo" }, token)).status).toBe(403);
    const me = (await w.api("GET", "/api/v1/auth/whoami", undefined, token)).json;
    expect(me).toMatchObject({ subject: expect.stringMatching(/^McpToken:[0-9a-f]{16}$/), project: "demo" });
    expect(me.bindings).toEqual([
      { binding: "role:run,resource:projects,name:demo", from: expect.stringMatching(/^token of-/) },
    ]);
    expect((await w.api("GET", "/api/v1/status", undefined, token)).json).not.toHaveProperty("dataDir");
  });
});

describe("tokens", () => {
  test("a duplicate name is a conflict, force ends the old one, names are free in another project", async () => {
    const mint = (body: object) => w.api("POST", "/api/v1/mcptokens", { name: "dup", project: "demo", ...body });
    const first = (await mint({})).json.token;
    expect((await mint({})).status).toBe(409);
    const second = (await mint({ force: true })).json.token;
    expect([(await w.rpc(first, "ping")).status, (await w.rpc(second, "ping")).status]).toEqual([401, 200]);
    expect((await mint({ project: "other" })).status).toBe(201);
    expect((await mint({ name: "bad", ttl: "soon" })).json.fields[0].path).toBe("/ttl");
  });

  test("apply mints when there is none, and leaves an active one alone", async () => {
    const documents = [{ kind: "mcptoken", name: "applied", project: "demo", ttl: "1h" }];
    const first = await w.must("POST", "/api/v1/apply", { documents });
    expect(first.results[0]).toMatchObject({ action: "created", token: expect.stringMatching(/^mcpctl_pat_/) });
    expect((await w.must("POST", "/api/v1/apply", { documents })).results[0]).toEqual({
      document: 1,
      kind: "mcptoken",
      name: "applied",
      project: "demo",
      action: "unchanged",
    });
    w.advance(3_600_001);
    expect((await w.must("POST", "/api/v1/apply", { documents })).results[0].action).toBe("created");
  });

  test("introspection says active, expired, revoked or unknown of whoever asks about himself", async () => {
    const { token, id } = await w.must("POST", "/api/v1/mcptokens", { name: "intro", project: "demo", ttl: "1h" });
    const state = async (bearer: string) =>
      (await w.api("GET", "/api/v1/mcptokens/introspect", undefined, bearer)).json;
    expect(await state(token)).toMatchObject({ state: "active", name: "intro", project: "demo" });
    w.advance(3_600_001);
    expect((await state(token)).state).toBe("expired");
    await w.must("POST", `/api/v1/mcptokens/${id}/revoke`);
    expect((await state(token)).state).toBe("revoked");
    for (const other of [`${token}x`, w.admin, ""]) expect(await state(other)).toEqual({ state: "unknown" });
  });
});

describe("logins", () => {
  const login = (email: string, password: string) => w.api("POST", "/api/v1/auth/login", { email, password }, "");

  test("right, wrong, unknown and disabled; the three refusals read alike", async () => {
    await w.must("POST", "/api/v1/users", { name: "bob@example.com", password: "correct horse" });
    const good = await login("bob@example.com", "correct horse");
    expect([good.status, good.json.token]).toEqual([200, expect.stringMatching(/^mcpctl_ses_/)]);
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, good.json.token)).json.subject).toBe(
      "User:bob@example.com",
    );
    const refusals = [await login("bob@example.com", "wrong"), await login("nobody@example.com", "wrong")];
    await w.must("PUT", "/api/v1/users/bob%40example.com", { name: "bob@example.com", disabled: true });
    refusals.push(await login("bob@example.com", "correct horse"));
    expect(new Set(refusals.map(({ status, text }) => `${status} ${alike(text)}`)).size).toBe(1);
    expect(refusals[0]?.status).toBe(401);
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, good.json.token)).status).toBe(401);
  });

  test("failures make an account wait, also with the right password, and time heals", async () => {
    await w.must("POST", "/api/v1/users", { name: "carol@example.com", password: "correct horse" });
    w.stopClock();
    for (let i = 0; i < 5; i++) await login("carol@example.com", `wrong ${i}`);
    expect((await login("carol@example.com", "correct horse")).status).toBe(429);
    w.advance(60_000);
    expect((await login("carol@example.com", "correct horse")).status).toBe(200);
  });

  test("a new password ends the old sessions, logging out ends this one", async () => {
    await w.must("POST", "/api/v1/users", { name: "dave@example.com", password: "old password" });
    const session = (await login("dave@example.com", "old password")).json.token;
    await w.must("PUT", "/api/v1/users/dave%40example.com", { name: "dave@example.com", password: "new password" });
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, session)).status).toBe(401);
    const next = (await login("dave@example.com", "new password")).json.token;
    expect((await w.api("POST", "/api/v1/auth/logout", undefined, next)).status).toBe(200);
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, next)).status).toBe(401);
  });
});

describe("writing", () => {
  test("apply is all or nothing, and a dry run is nothing", async () => {
    const documents = [
      { kind: "project", name: "fine", servers: ["local"] },
      { kind: "project", name: "broken", servers: ["nowhere"] },
    ];
    const { status, json } = await w.api("POST", "/api/v1/apply", { documents });
    expect([status, json.fields]).toEqual([422, [{ path: "/servers/0", message: "there is no server of this name" }]]);
    expect(json.detail).toStartWith(`this project "${documents[1]?.name}" refers to`);
    expect((await w.api("GET", "/api/v1/projects/fine")).status).toBe(404);
    const dry = await w.must("POST", "/api/v1/apply", { documents: documents.slice(0, 1), dryRun: true });
    expect(dry.results[0].action).toBe("created");
    expect((await w.api("GET", "/api/v1/projects/fine")).status).toBe(404);
  });

  test("a version that is not the newest is refused, what is in use is not deleted", async () => {
    const put = (description: string, version: string) =>
      w.fetch(
        new Request(`${w.url}/api/v1/projects/other`, {
          method: "PUT",
          headers: { authorization: `Bearer ${w.admin}`, "content-type": "application/json", "if-match": version },
          body: JSON.stringify({ name: "other", servers: [], description }),
        }),
      );
    const { version } = (await w.api("GET", "/api/v1/projects/other")).json;
    expect((await put("first", String(version))).status).toBe(200);
    expect((await put("second", String(version))).status).toBe(409);
    const { status, json } = await w.api("DELETE", "/api/v1/servers/local");
    expect([status, json.detail]).toEqual([409, 'server "local" is in use by project demo']);
  });

  test("a secret that lacks the key a server names is an error of the server, never an empty value", async () => {
    const env = [{ name: "X", valueFrom: { secretRef: { name: "vault", key: "nokey" } } }];
    await w.must("POST", "/api/v1/servers", { name: "poor", command: fixture("--name", "poor"), env });
    await w.until("it says so", async () => (await w.api("GET", "/api/v1/servers/poor")).json.status.state === "ERROR");
    expect((await w.api("GET", "/api/v1/servers/poor")).json.status.reason).toBe('secret "vault" has no key "nokey"');
    await w.must("PUT", "/api/v1/secrets/vault", { name: "vault", data: { key: "value", nokey: "there now" } });
    await w.until("it runs by itself", w.isRunning("poor"));
  });

  test("a secret that no header can carry is an error of the server that says so, and not a server that is not reached", async () => {
    await w.must("POST", "/api/v1/secrets", { name: "lines", data: { key: "SEC\nRET" } });
    const headers = [{ name: "X", valueFrom: { secretRef: { name: "lines", key: "key" } } }];
    await w.must("POST", "/api/v1/servers", { name: "bent", url: "http://127.0.0.1:9/mcp", headers });
    const reasonOf = async () => (await w.api("GET", "/api/v1/servers/bent")).json.status.reason;
    await w.until("it was looked at", async () => (await reasonOf()) !== undefined);
    expect(await reasonOf()).toBe(
      "the value of X in its headers holds a line break, or another character that no header can carry",
    );
  });
});
