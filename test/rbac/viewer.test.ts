import { afterAll, beforeAll, expect, test } from "bun:test";
import { kinds } from "../../src/resources/index.ts";
import { actions, type Binding } from "../../src/resources/rbac.ts";
import type { Route } from "../../src/server/route.ts";
import { allRoutes } from "../../src/server/routes/index.ts";
import { fixture, type World, world } from "../world.ts";
import { type Dice, diceOf, seed } from "./properties/settings.ts";

/*
 * P2 over the whole API: a person who may only view project demo sends whatever they can think of, in any order, to every route that changes
 * something. Nothing succeeds, and nobody's rights are other than before.
 */
const requests = Number(process.env["RUNS"] ?? 300);
const viewer = "vic@example.com";
let w: World;
let vic = "";
/** Names and ids of everything there is, by plural; what a request may be about. */
const refs: Record<string, string[]> = {};
const subjects = ["User:admin@localhost", "User:ann@example.com", `User:${viewer}`, "Group:team", "ServiceAccount:ci"];

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "secret", name: "vault", data: { key: "value" } },
      { kind: "server", name: "files", command: fixture(), replicas: 0 },
      { kind: "project", name: "demo", servers: ["files"] },
      { kind: "project", name: "other", servers: [] },
      { kind: "prompt", name: "house", content: "x" },
      { kind: "prompt", name: "style", project: "demo", content: "x" },
      { kind: "promptrequest", name: "wish", project: "demo", content: "x" },
      { kind: "proxymodel", name: "slim", stages: [] },
      { kind: "llm", name: "local", type: "openai-compatible", url: "http://127.0.0.1:9", model: "m" },
      { kind: "serviceaccount", name: "ci" },
    ],
  });
  vic = await w.userWith("vic", [{ role: "view", resource: "projects", name: "demo" }]);
  await w.userWith("ann", [{ role: "edit", resource: "*" }]);
  const rights = (name: string, kind: string, subject: string, roleBindings: Binding[]) =>
    w.must("POST", "/api/v1/rbac", { name, subjects: [{ kind, name: subject }], roleBindings });
  await w.must("POST", "/api/v1/groups", { name: "team", members: ["ann@example.com"] });
  await rights("for-team", "Group", "team", [{ role: "run", resource: "projects" }]);
  await rights("for-ci", "ServiceAccount", "ci", [{ role: "edit", resource: "projects" }]);
  await w.must("POST", "/api/v1/serviceaccounts/ci/sessions", {});
  for (const project of ["demo", "other"]) {
    const { sha } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project, rbac: "clone" });
    subjects.push(`McpToken:${sha}`);
  }
  const own = new Set<string>();
  for (const { id, owner } of (await w.must("GET", "/api/v1/sessions")).items) if (owner === viewer) own.add(id);
  for (const { plural } of kinds) {
    const { items } = await w.must("GET", `/api/v1/${plural}`);
    // To end one's own login is nobody else's business.
    const there = items.flatMap(({ id, name }: { id: string; name: string }) => (own.has(id) ? [] : [id, name]));
    refs[plural] = [...there, "new", "nobody@example.com"];
    if (plural === "prompts") refs[plural].push("gate-index");
  }
});
afterAll(() => w.close());

const tables = ["resources", "rbac_subjects", "group_members", "tokens", "passwords", "sessions", "secret_values"];
const everythingStored = () =>
  w.rooms.db.read(function* () {
    const rows: unknown[] = [];
    for (const table of tables)
      rows.push(yield { parts: [`SELECT * FROM ${table} ORDER BY 1, 2`] as never, values: [] });
    return JSON.stringify(rows);
  });

/** What everybody may do: each question that can be asked of each subject. */
async function whoMayWhat(): Promise<string> {
  const answers: unknown[] = [(await w.api("GET", "/api/v1/auth/whoami", undefined, vic)).json];
  const ask = async (body: object) => answers.push((await w.must("POST", "/api/v1/auth/can-i", body)).allowed);
  for (const as of subjects) {
    for (const action of actions) await ask({ as, action });
    for (const project of ["demo", "other"])
      await ask({ as, verb: "run", resource: "tools", name: "files/echo", project });
    for (const { plural } of kinds)
      for (const verb of ["view", "create", "update", "delete", "run"])
        for (const name of (refs[plural] ?? []).slice(0, 4)) await ask({ as, verb, resource: plural, name });
  }
  return JSON.stringify(answers);
}

const wishes: Binding[] = [
  { role: "edit", resource: "*" },
  { role: "view", resource: "projects", name: "demo" },
  { role: "run", resource: "projects", name: "demo" },
  { role: "run", action: "*" },
];
/** A document that would help its sender, if it were taken. */
function documentOf(plural: string, dice: Dice): Record<string, unknown> {
  const name = dice.pick(refs[plural] ?? ["new"]);
  const project = dice.pick(["demo", "other"]);
  const bodies: Record<string, Record<string, unknown>> = {
    secrets: { data: { key: "mine" } },
    servers: { command: dice.pick([fixture(), ["sh", "-c", "id"]]), replicas: 0 },
    projects: { servers: dice.pick([[], ["files"]]), description: "mine" },
    users: { ...(dice.once(1000) ? { password: "taken over" } : {}), displayName: "mine" },
    groups: { members: [viewer] },
    serviceaccounts: { description: "mine" },
    rbac: {
      subjects: [{ kind: "User", name: dice.pick([viewer, "ann@example.com"]) }],
      roleBindings: dice.some(wishes, 3),
    },
    prompts: { content: "mine", ...(dice.once(3) ? {} : { project: dice.pick([project, "mcpctl-system"]) }) },
    promptrequests: { project, content: "mine" },
    templates: { command: ["sh", "-c", "id"] },
    proxymodels: { stages: [{ type: "passthrough" }] },
    llms: { type: "openai-compatible", url: "http://127.0.0.1:9", model: "mine" },
    mcptokens: {
      project,
      rbac: dice.pick(["clone", "empty"]),
      roleBindings: dice.some(wishes, 2),
      force: dice.once(2),
    },
  };
  return { name, ...bodies[plural] };
}

const changing = allRoutes().filter(
  ({ method, path }) => method !== "GET" && !["/api/v1/auth/login", "/api/v1/auth/logout"].includes(path),
);
function requestOf(route: Route, dice: Dice): { path: string; body?: object } {
  const [, , , plural = ""] = route.path.split("/");
  const body = documentOf(plural, dice);
  const ref = route.method === "PUT" ? String(body["name"]) : dice.pick(refs[plural] ?? ["new"]);
  const query =
    ["mcptokens", "prompts", "promptrequests"].includes(plural) &&
    route.method !== "PUT" &&
    route.path.includes(":ref") &&
    dice.once(2)
      ? "?project=demo"
      : "";
  const path = route.path.replace(":ref", encodeURIComponent(ref)) + query;
  if (path === "/api/v1/auth/can-i") return { path, body: { action: dice.pick(actions), as: dice.pick(subjects) } };
  if (path === "/api/v1/apply") {
    const writable = kinds.filter(({ verbs }) => verbs.includes("create"));
    const documents = [0, ...dice.some([1, 2], 2)].map(() => {
      const kind = dice.pick(writable);
      return { kind: kind.kind, ...documentOf(kind.plural, dice) };
    });
    return { path, body: { documents } };
  }
  if (/(rotate|revoke|sessions|approve|reject)$/.test(route.path)) return { path, body: {} };
  return route.method === "DELETE" ? { path } : { path, body };
}

test("whoever may only view one project gets no further by any sequence of requests", async () => {
  const [stored, rights] = [await everythingStored(), await whoMayWhat()];
  const dice = diceOf(seed);
  for (let n = 0; n < requests; n++) {
    const route = dice.pick(changing);
    const { path, body } = requestOf(route, dice);
    const { status } = await w.api(route.method, path, body, vic);
    if (status < 400 || status >= 500) throw new Error(`SEED=${seed}: ${route.method} ${path}: ${status}`);
  }
  expect(await everythingStored()).toBe(stored);
  expect(await whoMayWhat()).toBe(rights);
  process.stdout.write(`${requests} requests to ${changing.length} routes refused, SEED=${seed}\n`);
}, 300_000);
