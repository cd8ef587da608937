import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fixture, type World, world } from "../world.ts";

type Event = Record<string, unknown> & { seq: number; at: string; detail?: Record<string, unknown> };

let w: World;
let token: string;
let reader: string;
const canary = "canary-2e8c";

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["local"] });
  await w.must("POST", "/api/v1/projects", { name: "open", servers: ["local"], auditArguments: true });
  await w.must("POST", "/api/v1/users", { name: "ann@example.com", password: "correct horse" });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "vllm", project: "demo" })).token;
  reader = await w.userWith("reader", [{ role: "run", action: "audit-read" }]);
  await w.until("it runs", w.isRunning("local"));
});
afterAll(() => w.close());

const events = async (query = ""): Promise<Event[]> => {
  const answer = await w.api("GET", `/api/v1/audit/events?${query}`, undefined, reader);
  expect([query, answer.status]).toEqual([query, 200]);
  return answer.json.items;
};
const call = (name: string, args: object = {}, path = "/mcp", as = token) =>
  w.rpc(as, "tools/call", { name, arguments: args }, path);

describe("calls", () => {
  test("who, by which token, where, what, how it ended, how long, how much; and no argument", async () => {
    await call("local__echo", { text: canary });
    const [event] = await events("kind=call&limit=1");
    expect(event).toMatchObject({
      kind: "call",
      outcome: "ok",
      subject: expect.stringMatching(/^McpToken:[0-9a-f]{16}$/),
      user: "admin@localhost",
      tokenName: "vllm",
      tokenSha: expect.stringMatching(/^[0-9a-f]{16}$/),
      project: "demo",
      server: "local",
      tool: "echo",
      action: "tools/call",
      durationMs: expect.any(Number),
      requestBytes: expect.any(Number),
      responseBytes: expect.any(Number),
    });
    expect(JSON.stringify(event)).not.toContain(canary);
    expect(event).not.toHaveProperty("detail");
    expect(Date.parse(event?.at ?? "")).toBeGreaterThan(0);
  });

  test("arguments where the project says so, without what looks like a secret", async () => {
    await call("local__echo", { text: "plain", password: canary }, "/projects/open/mcp", w.admin);
    const [event] = await events("project=open&kind=call");
    expect(event).toMatchObject({
      user: "admin@localhost",
      sessionId: expect.any(String),
      detail: { arguments: { text: "plain", password: "[redacted]" } },
    });
  });

  test("a tool that fails, a tool that is not there, a resource that is read", async () => {
    await call("local__fail");
    await call("local__nowhere");
    await w.rpc(token, "resources/read", { uri: "fixture://fixture/one" });
    const [read, missing, failed] = await events("kind=call&limit=3");
    expect(failed).toMatchObject({ outcome: "error", server: "local", tool: "fail" });
    expect(missing).toMatchObject({ outcome: "error", tool: "local__nowhere" });
    expect(missing).not.toHaveProperty("server");
    expect(read).toMatchObject({ action: "resources/read", resource: "fixture://fixture/one" });
  });

  test("a tool that this token may not use is a refusal of that tool, though its caller is told that there is none", async () => {
    const narrow = { name: "narrow", project: "demo", tools: ["local/echo"] };
    const { token: as } = await w.must("POST", "/api/v1/mcptokens", narrow);
    expect((await call("local__fail", {}, "/mcp", as)).json.error.message).toContain("There is no tool");
    const [event] = await events("tokenName=narrow&server=local");
    expect(event).toMatchObject({ kind: "call", outcome: "refused", tool: "fail" });
  });

  test("lists, pings and the log's own readers are no events", async () => {
    const before = (await events("limit=1"))[0]?.seq;
    await w.rpc(token, "tools/list");
    await w.rpc(token, "ping");
    await events();
    expect((await events("limit=1"))[0]?.seq).toBe(before ?? 0);
  });
});

describe("refusals", () => {
  test("a missing right is named, and who lacked it", async () => {
    const nobody = await w.userWith("nobody", []);
    expect((await w.api("GET", "/api/v1/servers?x=1", undefined, nobody)).status).toBe(422);
    expect((await w.api("GET", "/api/v1/servers", undefined, nobody)).status).toBe(403);
    const [event] = await events("user=nobody@example.com");
    expect(event).toMatchObject({
      kind: "refused",
      outcome: "refused",
      subject: "User:nobody@example.com",
      action: "role:view,resource:servers",
      detail: { method: "GET", path: "/api/v1/servers", status: 403 },
    });
  });

  test("a missing right is named alone, also where a token's wall is the reason", async () => {
    const roleBindings = [{ role: "view", resource: "secrets" }];
    const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "walled", project: "demo", roleBindings });
    expect((await w.api("GET", "/api/v1/secrets/any", undefined, token)).status).toBe(403);
    const [event] = await events("tokenName=walled&kind=refused");
    expect(event?.["action"]).toBe("role:view,resource:secrets,name:any");
  });

  test("rights that may not be given are listed", async () => {
    const maker = await w.userWith("maker", [
      { role: "create", resource: "mcptokens" },
      { role: "edit", resource: "projects" },
      { role: "run", resource: "projects" },
    ]);
    const wanted = { name: "much", project: "demo", roleBindings: [{ role: "run", action: "logs" }] };
    expect((await w.api("POST", "/api/v1/mcptokens", wanted, maker)).status).toBe(403);
    expect((await events("user=maker@example.com&kind=refused"))[0]?.detail).toMatchObject({ lacks: ["action:logs"] });
  });

  test("a revoked token says whose it was; a stranger's bearer is not repeated", async () => {
    const old = (await w.must("POST", "/api/v1/mcptokens", { name: "old", project: "demo" })).token;
    await w.must("POST", "/api/v1/mcptokens/old/revoke?project=demo");
    expect((await call("local__echo", {}, "/mcp", old)).status).toBe(401);
    expect((await events("tokenName=old"))[0]).toMatchObject({
      action: "The token is revoked",
      user: "admin@localhost",
    });
    await w.api("GET", "/api/v1/servers", undefined, `mcpctl_pat_${canary}`);
    expect((await events("outcome=refused&limit=1"))[0]).toMatchObject({ action: "The token is malformed" });
  });

  test("a token of another project", async () => {
    await call("local__echo", {}, "/projects/open/mcp");
    expect((await events("tokenName=vllm&outcome=refused"))[0]).toMatchObject({
      project: "demo",
      action: "This token is for another project",
      detail: { path: "/projects/open/mcp", status: 403 },
    });
  });

  test("a flood of one stranger is two events", async () => {
    w.advance(61_000);
    const before = (await events("limit=1"))[0]?.seq ?? 0;
    for (let i = 0; i < 200; i++) await w.api("GET", "/api/v1/projects", undefined, "");
    w.advance(61_000);
    await w.api("GET", "/api/v1/secrets", undefined, "");
    const flood = (await events("kind=refused")).filter(({ seq }) => seq > before);
    expect(flood.map(({ detail }) => [detail?.["path"], detail?.["again"]])).toEqual([
      ["/api/v1/secrets", undefined],
      ["/api/v1/projects", 199],
      ["/api/v1/projects", undefined],
    ]);
  });
});

test("logins, failed ones, and logouts", async () => {
  const login = (email: string, password: string) => w.api("POST", "/api/v1/auth/login", { email, password }, "");
  const { json } = await login("ann@example.com", "correct horse");
  await w.api("POST", "/api/v1/auth/logout", undefined, json.token);
  await login("ann@example.com", canary);
  await login(canary, canary);
  const [typo, failed, logout, done] = await events("since=30s&limit=4");
  expect(done).toMatchObject({ kind: "login", outcome: "ok", subject: "User:ann@example.com" });
  expect(logout).toMatchObject({
    kind: "logout",
    outcome: "ok",
    user: "ann@example.com",
    sessionId: expect.any(String),
  });
  expect(failed).toMatchObject({ kind: "login", outcome: "refused", user: "ann@example.com" });
  expect(failed).not.toHaveProperty("subject");
  expect(typo).toMatchObject({ kind: "login", outcome: "refused" });
  expect(JSON.stringify(typo)).not.toContain(canary);
});

describe("changes", () => {
  const last = async (query: string) => (await events(`kind=change&limit=1&${query}`))[0];

  test("before and after, only what differs, secrets by a fingerprint that says whether they changed", async () => {
    await w.must("POST", "/api/v1/secrets", { name: "vault", data: { key: canary, other: "stays" } });
    expect(await last("")).toMatchObject({
      subject: "User:admin@localhost",
      action: "create",
      resource: "secrets/vault",
      detail: { before: {}, after: { name: "vault", keys: ["key", "other"] } },
    });
    await w.must("PUT", "/api/v1/secrets/vault", { name: "vault", data: { key: `${canary}2`, other: "stays" } });
    const { detail } = (await last("")) as { detail: Record<"before" | "after", { data: Record<string, string> }> };
    expect(detail.before.data["key"]).toMatch(/^fp:[0-9a-f]{16}$/);
    expect(detail.after.data["key"]).not.toBe(detail.before.data["key"] ?? "");
    expect(detail.after.data["other"]).toBe(detail.before.data["other"] ?? "");
    await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["local"], description: "for all" });
    expect(await last("project=demo")).toMatchObject({
      action: "update",
      resource: "projects/demo",
      detail: { before: {}, after: { description: "for all" } },
    });
  });

  test("of tokens, logins of service accounts and passwords too", async () => {
    const { id } = await w.must("POST", "/api/v1/mcptokens", { name: "brief", project: "demo" });
    const turned = await w.must("POST", `/api/v1/mcptokens/${id}/rotate`, {});
    expect(await last("")).toMatchObject({ action: "rotate", resource: "mcptokens/brief", project: "demo" });
    await w.must("POST", `/api/v1/mcptokens/${turned.id}/revoke`);
    expect(await last("")).toMatchObject({ action: "revoke", detail: { after: { state: "revoked" } } });
    await w.must("POST", "/api/v1/serviceaccounts", { name: "ci" });
    const login = await w.must("POST", "/api/v1/serviceaccounts/ci/sessions", { label: "build machine" });
    expect(await last("")).toMatchObject({
      action: "create",
      resource: expect.stringMatching(/^sessions\//),
      detail: { after: { owner: "ci", label: "build machine" } },
    });
    const reported = await w.must("POST", "/api/v1/mcptokens", { name: "leaked", project: "demo" });
    await w.api("POST", "/api/v1/mcptokens/revoke-leaked", { token: reported.token }, "");
    expect(await last("")).toMatchObject({ action: "revoke", resource: "mcptokens/leaked" });
    const all = JSON.stringify(await events("kind=change&limit=100"));
    for (const bearer of [turned.token, login.token, reported.token, canary]) expect(all).not.toContain(bearer);
  });

  test("what a change does elsewhere is recorded too: rights that go with an account, tokens that go with theirs", async () => {
    await w.must("POST", "/api/v1/users", { name: "zoe@example.com" });
    await w.must("POST", "/api/v1/groups", { name: "zoes", members: ["zoe@example.com"] });
    const { id, token: parent } = await w.must("POST", "/api/v1/mcptokens", {
      name: "elder",
      project: "demo",
      roleBindings: [
        { role: "create", resource: "mcptokens" },
        { role: "view", resource: "projects" },
      ],
    });
    await w.api("POST", "/api/v1/mcptokens", { name: "younger", project: "demo" }, parent);
    await w.must("DELETE", "/api/v1/users/zoe%40example.com");
    await w.must("POST", `/api/v1/mcptokens/${id}/revoke`);
    const done = (await events("kind=change&limit=5"))
      .map(({ action, resource }) => `${action} ${resource}`)
      .toReversed();
    expect(done).toEqual([
      "delete users/zoe@example.com",
      "update groups/zoes",
      "revoke mcptokens/elder",
      `delete rbac/mcptoken-${id}`,
      "revoke mcptokens/younger",
    ]);
  });

  test("rotating and deleting a token is recorded of those that it minted: a life cut short, an end", async () => {
    const minter = async (name: string) => {
      const roleBindings = [
        { role: "create", resource: "mcptokens" },
        { role: "view", resource: "projects" },
      ];
      const made = await w.must("POST", "/api/v1/mcptokens", { name, project: "demo", roleBindings });
      await w.api("POST", "/api/v1/mcptokens", { name: `of-${name}`, project: "demo" }, made.token);
      return made.id;
    };
    const changeOf = async (name: string) =>
      (await events("kind=change&limit=10")).find(({ resource }) => resource === `mcptokens/of-${name}`);
    await w.must("POST", `/api/v1/mcptokens/${await minter("soft")}/rotate`, { overlap: "1h" });
    expect(await changeOf("soft")).toMatchObject({
      action: "update",
      detail: { before: { expiresAt: expect.any(String) }, after: { expiresAt: expect.any(String) } },
    });
    await w.must("POST", `/api/v1/mcptokens/${await minter("hard")}/rotate`, {});
    expect(await changeOf("hard")).toMatchObject({
      action: "revoke",
      detail: { before: { state: "active" }, after: { state: "revoked" } },
    });
    // A record that goes is not one that was revoked and stays.
    await w.must("DELETE", `/api/v1/mcptokens/${await minter("gone")}`);
    expect(await changeOf("gone")).toMatchObject({ action: "delete", detail: { before: { state: "active" } } });
  });

  test("what was refused, undone or only tried is no change; a refusal says what was missing", async () => {
    const before = (await last(""))?.seq;
    await w.api("POST", "/api/v1/apply", {
      documents: [
        { kind: "project", name: "fine", servers: [] },
        { kind: "project", name: "broken", servers: ["nowhere"] },
      ],
    });
    await w.must("POST", "/api/v1/apply", { documents: [{ kind: "project", name: "dry", servers: [] }], dryRun: true });
    await w.api("POST", "/api/v1/projects", { name: "no", servers: [] }, reader);
    expect((await last(""))?.seq).toBe(before);
    expect((await events("kind=refused&limit=1"))[0]).toMatchObject({
      subject: "User:reader@example.com",
      action: "role:create,resource:projects,name:no",
    });
  });
});

describe("reading", () => {
  test("is a right of its own: an administrator of everything else has it not, and a token has it not", async () => {
    const all = await w.userWith("all-else", [
      { role: "edit", resource: "*" },
      { role: "run", action: "logs" },
    ]);
    for (const path of ["events", "sessions"]) {
      expect((await w.api("GET", `/api/v1/audit/${path}`, undefined, all)).status).toBe(403);
      expect((await w.api("GET", `/api/v1/audit/${path}`, undefined, token)).status).toBe(403);
      expect((await w.api("GET", `/api/v1/audit/${path}`, undefined, "")).status).toBe(401);
      expect((await w.api("GET", `/api/v1/audit/${path}`, undefined, reader)).status).toBe(200);
    }
  });

  test("pages hang together: all events, each once, newest first", async () => {
    const whole = await events("limit=1000");
    const pages: Event[] = [];
    for (let next = ""; ; ) {
      const { json } = await w.api("GET", `/api/v1/audit/events?limit=3${next}`, undefined, reader);
      pages.push(...json.items);
      if (json.next === undefined) break;
      next = `&before=${json.next}`;
    }
    expect(pages).toEqual(whole);
    expect(whole.map(({ seq }) => seq)).toEqual(whole.map(({ seq }) => seq).toSorted((a, b) => b - a));
  });

  test("questions that make no sense are told what would", async () => {
    for (const [query, words] of [
      ["outcome=good", "outcome is one of ok, refused, error"],
      ["kind=x", "kind is one of login, logout, refused, change, call, notice"],
      ["since=yesterday", "since is an instant such as"],
      ["since=2026-01-31T08:00:00", "since is an instant such as"],
      ["until=2026-13-41", "until is an instant such as"],
      ["limit=0", "limit is a whole number from 1 to 1000"],
      ["limit=1001", "limit is a whole number from 1 to 1000"],
      ["before=x", "before is a whole number"],
      ["tokenSha=zz", "tokenSha is 16 hexadecimal digits"],
      ["usr=x", "There is an unknown query parameter"],
    ]) {
      const { status, json } = await w.api("GET", `/api/v1/audit/events?${query}`, undefined, reader);
      expect([query, status, json.detail]).toEqual([query, 422, expect.stringContaining(words ?? "")]);
    }
    for (const since of ["1h", "7d", "2026-01-31", "2026-01-31T08:00:00Z", "2026-01-31T08:00:00.5+01:00"])
      await events(`since=${encodeURIComponent(since)}`);
  });

  test("sessions: one item for each login or token", async () => {
    const { json } = await w.api("GET", "/api/v1/audit/sessions?tokenName=vllm&project=demo", undefined, reader);
    expect(json.items).toMatchObject([
      { tokenName: "vllm", project: "demo", user: "admin@localhost", calls: 4, errors: 2, refusals: 3 },
    ]);
    expect(Date.parse(json.items[0].firstAt)).toBeLessThanOrEqual(Date.parse(json.items[0].lastAt));
  });
});

describe("following", () => {
  async function follow(query: string, as = reader) {
    const response = await w.fetch(
      new Request(`${w.url}/api/v1/audit/events?follow=true&${query}`, { headers: { authorization: `Bearer ${as}` } }),
    );
    const got: Event[] = [];
    const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const ended = (async () => {
      for (let rest = ""; ; ) {
        const { done, value = "" } = (await stream?.read()) ?? { done: true };
        const lines = (rest + value).split("\n");
        rest = lines.pop() ?? "";
        got.push(...lines.map((line) => JSON.parse(line) as Event));
        if (done) return;
      }
    })();
    return { got, ended, cancel: () => stream?.cancel() };
  }

  test("what was there, oldest first, then what comes, and only what was asked for", async () => {
    const { got, cancel } = await follow("tool=env&limit=2");
    for (let i = 0; i < 3; i++) await call("local__echo", { text: "no" });
    await call("local__env", { name: "HOME" });
    await w.until("it comes", () => got.length === 1);
    await call("local__env", { name: "HOME" });
    await w.until("the next comes", () => got.length === 2);
    expect(got.map(({ tool }) => tool)).toEqual(["env", "env"]);
    expect(got[0]?.seq).toBeLessThan(got[1]?.seq ?? 0);
    await cancel();
  });

  test("ends when the right to read does", async () => {
    const short = await w.userWith("short", [{ role: "run", action: "audit-read" }]);
    const { got, ended } = await follow("tool=none", short);
    await w.must("DELETE", "/api/v1/rbac/of-short");
    await ended;
    expect(got).toEqual([]);
  });
});

test("no secret that was sent is in any event, or anywhere in the log's table", async () => {
  await w.rooms.audit.flush();
  const rows = await w.rooms.db.read(function* () {
    return yield { parts: ["SELECT * FROM audit_events"], values: [] };
  });
  const text = JSON.stringify(rows);
  expect(text.length).toBeGreaterThan(1_000);
  expect(text).not.toContain(canary);
  expect(text).not.toContain("correct horse");
  for (const bearer of [token, reader, w.admin]) expect(text).not.toContain(bearer.slice(11, 30));
  expect(text).not.toMatch(/mcpctl_(pat|ses)_[0-9A-Za-z]{20}/);
});

test("closing writes what is still queued, and signs the end", async () => {
  const other = await world();
  const { audit, db } = other.rooms;
  audit.note({ at: 1, kind: "notice", outcome: "ok", actor: { subject: "" } });
  const close = db.close;
  let dump: unknown[] = [];
  db.close = () => {
    void db.read(function* () {
      dump = yield {
        parts: ["SELECT h.seq FROM audit_heads h JOIN audit_events e ON e.seq = h.seq AND e.hash = h.hash"],
        values: [],
      };
    });
    close();
  };
  await other.close();
  expect(dump).toEqual([{ seq: 1 }]);
});
