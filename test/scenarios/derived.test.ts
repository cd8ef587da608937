import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addedFields } from "../../src/resources/define.ts";
import { kinds } from "../../src/resources/index.ts";
import { actions, type Binding } from "../../src/resources/rbac.ts";
import type { Route } from "../../src/server/route.ts";
import { allRoutes } from "../../src/server/routes/index.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
const nobody: Record<string, string> = {};
const canary = "canary-7f3a91";
/** The administrator's, which is nobody else's to see. */
let sessionId = "";

/** A body for each kind that is right in every way, so that only the right to send it is in question. */
const bodies: Record<string, Record<string, unknown>> = {
  secrets: { name: "s", data: { key: canary } },
  servers: {
    name: "files",
    command: fixture(),
    env: [{ name: "T", valueFrom: { secretRef: { name: "s", key: "key" } } }],
  },
  projects: { name: "demo", servers: ["files"] },
  users: { name: "ann@example.com", password: canary },
  serviceaccounts: { name: "ci" },
  groups: { name: "g", members: ["ann@example.com", "ci"] },
  rbac: { name: "r", subjects: [{ kind: "User", name: "ann@example.com" }], roleBindings: [] },
  mcptokens: { name: "t", project: "demo" },
  templates: { name: "notes", packageName: "notes", args: ["{folder}"], arguments: [{ name: "folder" }] },
  proxymodels: { name: "brief", stages: [{ type: "redact" }] },
  llms: { name: "local", type: "openai-compatible", url: "http://127.0.0.1:9", model: "m" },
  prompts: { name: "style", project: "demo", content: "Be brief." },
  promptrequests: { name: "more", project: "demo", content: "Be briefer." },
};

/** Ways to look at a list: what may not be seen may not be seen in any of them. */
const looks = ["", "?limit=1", "?labels=team", "?watch=true", "lines"] as const;
const look = (path: string, how: (typeof looks)[number], token: string) =>
  w.fetch(
    new Request(w.url + path + (how === "lines" ? "" : how), {
      headers: {
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        accept: how === "lines" ? "application/x-ndjson" : "*/*",
      },
    }),
  );

beforeAll(async () => {
  w = await world();
  for (const kind of kinds) {
    const body = bodies[kind.plural];
    // What can be labelled comes back with its labels, and applied again changes nothing.
    if (body !== undefined && "labels" in kind.fields.properties) body["labels"] = { team: "docs", "a.b/c": "" };
    if (body !== undefined) await w.must("POST", `/api/v1/${kind.plural}`, body);
  }
  await w.until("the server runs", w.isRunning("files"));
  await changeTool();
  sessionId = (await w.must("GET", "/api/v1/sessions")).items[0].id;
  nobody["token"] = await w.userWith("nobody", []);
});
afterAll(() => w.close());

/** A server that takes its first word back: what makes a tool change. */
async function changeTool() {
  const tool = { name: "look", inputSchema: { type: "object" } };
  const moody = startHttpServer({ tools: [tool] });
  await w.must("POST", "/api/v1/servers", { name: "moody", url: moody.url });
  const tools = async () => (await w.must("GET", "/api/v1/servers/moody")).status;
  await w.until("it was listed", async () => (await tools()).tools === 1);
  moody.behaviour.tools = [{ ...tool, description: "Now it does more" }];
  const { id, name, version, url } = await w.must("GET", "/api/v1/servers/moody");
  await w.rooms.catalog.refresh({ id, name, version, fields: { transport: "http", url } });
  expect((await tools()).toolChanges).toBe(1);
  await moody.stop();
}

/** Everything but one right: what a caller has who may do all else. */
const allBut = (verb: string, resource: string): Binding[] => [
  { role: "run", resource: "tools" },
  ...kinds
    .map((kind) => kind.plural)
    .filter((plural) => plural !== resource)
    .flatMap((plural): Binding[] => [
      { role: "edit", resource: plural },
      { role: "run", resource: plural },
    ]),
  ...(verb === "update"
    ? ["view", "create", "delete", "run"]
    : ["view", "create", "delete", "run"].filter((role) => role !== verb)
  ).map((role) => ({ role: role as Binding["role"], resource })),
  ...actions.map((action): Binding => ({ role: "run", action })),
];

const guarded = allRoutes().filter(
  (route): route is Route & { permission: object } => typeof route.permission === "object",
);
const pathOf = (route: Route) => {
  const plural = route.path.split("/")[3] ?? "";
  const names: Record<string, string> = { instances: "files-1", sessions: sessionId, toolchanges: "moody__look" };
  const name = names[plural] ?? String(bodies[plural]?.["name"] ?? "x");
  return `${route.path.replace(":ref", encodeURIComponent(name))}${plural === "mcptokens" && route.path.includes(":ref") ? "?project=demo" : ""}`;
};
const bodyOf = (route: Route) => {
  if (route.method === "PATCH") return { labels: { team: "docs" } };
  if (!["POST", "PUT"].includes(route.method) || route.body === undefined) return undefined;
  return route.path.split("/").length > 5 ? {} : bodies[route.path.split("/")[3] ?? ""];
};
/** Everybody has a login and may see it: whoever lists logins without any right sees their own and no other. */
const listsOwn = "GET /api/v1/sessions";

describe.each(guarded.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", (_, route) => {
  test("a stranger gets 401, a caller without any right 403", async () => {
    expect((await w.api(route.method, pathOf(route), bodyOf(route), "")).status).toBe(401);
    const answer = await w.api(route.method, pathOf(route), bodyOf(route), nobody["token"]);
    if (`${route.method} ${route.path}` !== listsOwn) expect(answer.status).toBe(403);
    else expect(answer.json.items.map(({ owner }: { owner: string }) => owner)).toEqual(["nobody@example.com"]);
  });

  test("everything but the one right is not enough", async () => {
    const attempt =
      "store" in route.permission
        ? route.permission.store
        : { action: (route.permission as { operation: string }).operation };
    const rights: Binding[] =
      "action" in attempt
        ? [
            { role: "edit", resource: "*" },
            { role: "run", resource: "*" },
            ...actions.filter((a) => a !== attempt.action).map((action): Binding => ({ role: "run", action })),
          ]
        : allBut(attempt.verb, attempt.resource);
    const token = await w.userWith(`but-${guarded.indexOf(route as never)}`, rights);
    const { status, json } = await w.api(route.method, pathOf(route), bodyOf(route), token);
    if (`${route.method} ${route.path}` === listsOwn) expect(json.items).toHaveLength(1);
    else expect([status, json?.code]).toEqual([403, "forbidden"]);
  });
});

test("in whichever way a list is looked at, a stranger gets 401 and who may not 403, and a line of it is never sent", async () => {
  for (const { plural, fields } of kinds)
    for (const how of looks.filter((one) => one !== "?labels=team" || "labels" in fields.properties)) {
      const path = `/api/v1/${plural}`;
      expect([path, how, (await look(path, how, "")).status]).toEqual([path, how, 401]);
      const response = await look(path, how, nobody["token"] ?? "");
      // Everybody has a login and may see it.
      if (plural !== "sessions") expect([path, how, response.status]).toEqual([path, how, 403]);
      await response.body?.cancel();
    }
  expect(w.rooms.listWatch.size()).toBe(0);
});

test("exactly the right is enough to look, for every kind", async () => {
  for (const kind of kinds) {
    const token = await w.userWith(`view-${kind.plural}`, [{ role: "view", resource: kind.plural }]);
    const list = await w.api("GET", `/api/v1/${kind.plural}`, undefined, token);
    expect([kind.plural, list.status]).toEqual([kind.plural, 200]);
    expect(list.json.items.length).toBeGreaterThan(0);
  }
});

test("every route that is open to everybody is on this list, and nothing else is", () => {
  const open = allRoutes().filter(({ permission }) => permission === "public");
  expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    "GET /api/v1/mcptokens/introspect",
    "GET /healthz",
    "GET /openapi.json",
    "GET /readyz",
    "GET /version",
    "POST /api/v1/auth/login",
    "POST /api/v1/mcptokens/revoke-leaked",
  ]);
});

test("what was printed can be applied again and changes nothing, for every kind", async () => {
  const said = ["unchanged", "already active, skipped", "has ended, skipped"];
  for (const kind of kinds) {
    for (const format of ["yaml", "json"]) {
      const printed = await w.cli(["get", kind.plural, "-o", format]);
      const applied = await w.cli(["apply", "-f", "-"], { stdin: printed.out });
      expect([kind.kind, applied.code, applied.err]).toEqual([kind.kind, 0, ""]);
      const words = applied.out.split("\n").map((line) => line.split(" ").slice(1).join(" "));
      expect([kind.kind, words.filter((word) => !said.includes(word))]).toEqual([kind.kind, []]);
    }
  }
});

test("a misspelt field is told with the nearest one and nothing is stored, for every kind", async () => {
  for (const kind of kinds.filter(({ verbs }) => verbs.includes("create"))) {
    const { status, json } = await w.api("POST", `/api/v1/${kind.plural}`, {
      ...bodies[kind.plural],
      name: `x${bodies[kind.plural]?.["name"]}`,
      descriptoin: canary,
    });
    expect([kind.kind, status]).toEqual([kind.kind, 422]);
    expect(json.fields).toContainEqual({
      path: "/descriptoin",
      message: expect.stringContaining("there is no such field"),
    });
    expect(JSON.stringify(json)).not.toContain(canary);
  }
});

test("no secret is in any answer, list, description, log or database row", async () => {
  const seen: string[] = [...w.logs];
  for (const kind of kinds) {
    seen.push((await w.api("GET", `/api/v1/${kind.plural}`)).text);
    for (const format of ["table", "wide", "json", "yaml"])
      seen.push((await w.cli(["get", kind.plural, "-o", format])).out);
    const made: Record<string, string> = { instances: "files-1", sessions: sessionId, toolchanges: "moody__look" };
    const name = made[kind.plural] ?? String(bodies[kind.plural]?.["name"]);
    seen.push((await w.cli(["describe", kind.kind, name, "-p", "demo"])).out);
  }
  seen.push((await w.cli(["status"])).out, (await w.cli(["whoami"])).out, (await w.cli(["config", "view"])).out);
  const rows = await w.rooms.db.read(function* () {
    const dump: unknown[] = [];
    for (const table of [
      "meta",
      "resources",
      "rbac_subjects",
      "secret_values",
      "passwords",
      "sessions",
      "tokens",
      "offers",
      "group_members",
      "tool_pins",
      "variants",
      "audit_events",
    ]) {
      dump.push(yield { parts: [`SELECT * FROM ${table}`] as never, values: [] });
    }
    return dump;
  });
  seen.push(JSON.stringify(rows));
  const all = seen.join("\n");
  for (const form of [canary, btoa(canary), Buffer.from(canary).toString("hex")]) expect(all).not.toContain(form);
  expect(all).not.toMatch(/mcpctl_(pat|ses)_[0-9A-Za-z]{20}/);
});

test("the document describes every route and every field", async () => {
  const { json } = await w.api("GET", "/openapi.json", undefined, "");
  expect(json.openapi).toBe("3.1.0");
  const operations = Object.values(json.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
    Object.values,
  );
  expect(operations).toHaveLength(allRoutes().length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const route of allRoutes()) {
    const fields = { ...route.body?.()["properties"], ...route.answer?.()["properties"] } as Record<
      string,
      { description?: string }
    >;
    for (const [field, { description }] of Object.entries(fields))
      expect([route.path, field, description]).toEqual([route.path, field, expect.any(String)]);
  }
  for (const kind of kinds) {
    const { properties } = json.components.schemas[kind.kind];
    for (const field of addedFields) expect(properties).toHaveProperty(field);
    for (const field of kind.writeOnly ?? []) expect(properties).not.toHaveProperty(field);
    for (const [field, schema] of Object.entries(kind.fields.properties as Record<string, { description?: string }>)) {
      expect([`${kind.kind}.${field}`, schema.description]).toEqual([`${kind.kind}.${field}`, expect.any(String)]);
    }
  }
});
