import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Binding } from "../../src/resources/rbac.ts";
import { fixture, type World, world } from "../world.ts";
import { type About, type ModelWorld, may, mayEnter, type Question } from "./model.ts";
import { near, pool } from "./properties/bindings.ts";
import { type Dice, diceOf, seed } from "./properties/settings.ts";

/** How many decisions are compared: 20,000 by `bun run differential`, 1,500 among all tests. */
const decisions = Number(process.env["RUNS"] ?? 1500);
const perWorld = 500;

let w: World;
const people = ["u0@example.com", "u1@example.com", "u2@example.com"];
const projects: Record<string, string[]> = { a: ["a"], b: ["a", "b"] };
const servers = ["a", "b"];
/** Prompts by the project they are of; those under the empty word are told in every one. */
const prompts: Record<string, string[]> = { a: ["a", "b"], b: ["a"], "": ["a"] };
const promptOf = (project: string, name: string) => ({
  kind: "prompt",
  name,
  content: "x",
  ...(project === "" ? {} : { project }),
});
/** Rights on prompts come up as often as all others together. */
const rightsOnPrompts = ["prompts", "*"].flatMap((resource) =>
  ["view", "create", "edit", "delete", "run"].flatMap((role) =>
    [undefined, "a", "b"].map((name) => ({ role, resource, ...(name === undefined ? {} : { name }) }) as Binding),
  ),
);
const logins: Record<string, string> = {};

beforeAll(async () => {
  w = await world();
  const documents = [
    ...people.map((name) => ({ kind: "user", name })),
    { kind: "serviceaccount", name: "robot" },
    ...["g", "h"].map((name) => ({ kind: "group", name })),
    ...servers.map((name) => ({ kind: "server", name, command: fixture(), replicas: 0 })),
    ...Object.entries(projects).map(([name, list]) => ({ kind: "project", name, servers: list })),
    ...Object.entries(prompts).flatMap(([project, names]) => names.map((name) => promptOf(project, name))),
  ];
  await w.must("POST", "/api/v1/apply", { documents });
  for (const name of people) logins[`User:${name}`] = await w.loginAs(name);
  logins["ServiceAccount:robot"] = (await w.must("POST", "/api/v1/serviceaccounts/robot/sessions", {})).token;
});
afterAll(() => w.close());

type Token = { sha: string; name: string; bearer: string };
type Dealt = { model: ModelWorld; tokens: Token[]; bearers: Record<string, string> };
const refs = ["User:u0@example.com", "User:u1@example.com", "User:u2@example.com", "ServiceAccount:robot"];
const groups = ["Group:g", "Group:h"];
const subjectOf = (text: string) => ({ kind: text.split(":")[0], name: text.slice(text.indexOf(":") + 1) });
const several = (dice: Dice, most: number) =>
  Array.from({ length: 1 + dice.below(most) }, () => dice.pick(dice.once(3) ? rightsOnPrompts : pool));

/** Deals every right anew, in the product and in the model; then people mint what they may. */
async function deal(dice: Dice, round: number): Promise<Dealt> {
  const old = await w.must("GET", "/api/v1/mcptokens");
  for (const { id } of old.items) await w.must("DELETE", `/api/v1/mcptokens/${id}`);
  const members = () => [...people, "robot"].filter(() => dice.once(3));
  const model: ModelWorld = {
    disabled: new Set(),
    groups: { g: members(), h: members() },
    definitions: [],
    projects,
    tokens: {},
  };
  for (const subject of [...refs, ...groups])
    model.definitions.push({
      subjects: [subject, ...(dice.once(4) ? [dice.pick(refs)] : [])],
      roleBindings: several(dice, 6),
    });
  model.definitions.push({
    subjects: refs,
    roleBindings: dice.pick([
      [
        { role: "edit", resource: "mcptokens" },
        { role: "view", resource: "projects" },
        { role: "run", resource: "projects" },
      ],
      [
        { role: "edit", resource: "*" },
        { role: "run", resource: "*" },
        { role: "run", action: "*" },
      ],
      [{ role: "view", resource: "projects" }],
    ]),
  });
  const documents = [
    ...people.map((name) => ({ kind: "user", name })),
    ...Object.entries(model.groups).map(([name, list]) => ({ kind: "group", name, members: list })),
    ...model.definitions.map(({ subjects, roleBindings }, n) => ({
      kind: "rbac",
      name: `d${n}`,
      subjects: [...new Set(subjects)].map(subjectOf),
      roleBindings,
    })),
  ];
  await w.must("POST", "/api/v1/apply", { documents });
  const dealt: Dealt = { model, tokens: [], bearers: { ...logins } };
  for (let n = 0; n < 8; n++) await mint(dealt, dice, `t${round}-${n}`);
  if (dice.once(2)) {
    const name = dice.pick(people);
    await w.must("PUT", `/api/v1/users/${name}`, { name, disabled: true });
    model.disabled.add(`User:${name}`);
  }
  for (const { sha } of dealt.tokens.filter(() => dice.once(5))) await revoke(dealt, sha);
  return dealt;
}

async function mint({ model, tokens, bearers }: Dealt, dice: Dice, name: string): Promise<void> {
  const owner = dice.pick(refs);
  const own = model.definitions.filter(({ subjects }) => subjects.includes(owner)).flatMap((one) => one.roleBindings);
  const body = {
    name,
    project: dice.pick(["a", "b"]),
    rbac: dice.pick(["empty", "clone"]),
    roleBindings: dice.once(2) ? [] : [near(own, dice.below(1 << 16))],
    ...(dice.once(3) ? { tools: dice.pick([["a/*"], ["a/x", "b/x"], ["*/x*"]]) } : {}),
  };
  const { status, json } = await w.api("POST", "/api/v1/mcptokens", body, logins[owner]);
  if (status !== 201) return;
  const { sha, token, project, tools, roleBindings = [] } = json;
  tokens.push({ sha, name, bearer: token });
  bearers[`McpToken:${sha}`] = token;
  model.tokens[`McpToken:${sha}`] = { project, owner, roleBindings, ...(tools === undefined ? {} : { tools }) };
  if (dice.once(4)) {
    const definition = { subjects: [`McpToken:${sha}`], roleBindings: several(dice, 3) };
    await w.must("POST", "/api/v1/rbac", {
      ...definition,
      name: `for-${name}`,
      subjects: definition.subjects.map(subjectOf),
    });
    model.definitions.push(definition);
  }
}

async function revoke({ model }: Dealt, sha: string): Promise<void> {
  const token = model.tokens[`McpToken:${sha}`];
  const { items } = await w.must("GET", "/api/v1/mcptokens");
  await w.must("POST", `/api/v1/mcptokens/${items.find((item: { sha: string }) => item.sha === sha).id}/revoke`);
  if (token !== undefined) token.revoked = true;
}

const verbs = ["view", "create", "update", "delete", "run"];
/** A question of can-i, and what the model is asked. */
function question(dice: Dice, { model, tokens }: Dealt): { body: object; asked: Question; about?: About } {
  const sort = dice.below(10);
  if (sort === 0) {
    const action = dice.pick(["logs", "audit-read", "backup"]);
    return { body: { action }, asked: { action } };
  }
  if (sort < 4) {
    const call = dice.pick(["a/x", "a/xy", "b/x", "b/y", "a/*"]);
    const project = dice.pick([undefined, "a", "b", "b"]);
    const within = project === undefined ? {} : { project };
    return { body: { verb: "run", resource: "tools", name: call, ...within }, asked: { call, ...within } };
  }
  const [verb, resource] = [dice.pick(verbs), dice.pick(["servers", "projects", "mcptokens", "rbac", "prompts"])];
  if (resource === "prompts") {
    const [project, name] = [dice.pick(Object.keys(prompts)), dice.pick(["a", "b", "fresh"])];
    const asked = { verb, resource, name };
    const isAbsent = verb !== "create" && prompts[project]?.includes(name) !== true;
    return { body: { ...asked, project }, asked, about: { project, isAbsent } };
  }
  if (resource !== "mcptokens") {
    const name = dice.pick(["a", "b", "fresh"]);
    return { body: { verb, resource, name }, asked: { verb, resource, name } };
  }
  const token = dice.pick(tokens);
  const project = dice.pick(["a", "b"]);
  const known = token === undefined ? undefined : model.tokens[`McpToken:${token.sha}`];
  const name = token?.name ?? "fresh";
  const asked = { verb, resource, name };
  const about =
    known?.project === project ? { project, owner: known.owner } : verb === "create" ? { project } : undefined;
  return { body: { ...asked, project }, asked, ...(about === undefined ? {} : { about }) };
}

/** The same by doing it: whether it is refused for want of a right, which is 403, or of a bearer that is accepted. */
async function deed(
  dice: Dice,
  { model }: Dealt,
  subject: string,
  bearer: string,
): Promise<[string, boolean, boolean]> {
  if (dice.once(4)) return await promptDeed(dice, model, subject, bearer);
  const [resource, name] = [dice.pick(["servers", "projects"]), dice.pick(["a", "b"])];
  const refused = async (method: string, path: string, body?: unknown) =>
    [401, 403].includes((await w.api(method, path, body, bearer)).status);
  const path = `/api/v1/${resource}/${name}`;
  const asks = (verb: string, on = name) => may(model, subject, { verb, resource, name: on });
  const sort = dice.below(5);
  if (sort === 0) return [`GET ${path}`, !(await refused("GET", path)), asks("view")];
  if (sort === 1) {
    const { status, json } = await w.api("GET", `/api/v1/${resource}`, undefined, bearer);
    const seen = status === 200 ? json.items.map((item: { name: string }) => item.name).includes(name) : false;
    return [`list ${resource}: ${name}`, seen, asks("view")];
  }
  if (sort === 2) {
    const ghost = `/api/v1/${resource}/ghost`;
    const own = model.tokens[subject] !== undefined;
    return [`DELETE ${ghost}`, !(await refused("DELETE", ghost)), !own && asks("delete", "ghost")];
  }
  const kept = resource === "servers" ? { command: fixture(), replicas: 0 } : { servers: projects[name] };
  const documents = [{ kind: resource, name, ...kept }];
  if (sort === 3)
    return [`apply ${path}`, !(await refused("POST", "/api/v1/apply", { documents, dryRun: true })), asks("update")];
  const door = !(await refused("POST", `/projects/${name}/mcp`, { jsonrpc: "2.0", id: 1, method: "ping" }));
  return [`the door of ${name}`, door, mayEnter(model, subject, name)];
}

/** The same with a prompt, which is read, listed and written over. */
async function promptDeed(
  dice: Dice,
  model: ModelWorld,
  subject: string,
  bearer: string,
): Promise<[string, boolean, boolean]> {
  const project = dice.pick(Object.keys(prompts));
  const name = dice.pick(prompts[project] as string[]);
  const asks = (verb: string) => may(model, subject, { verb, resource: "prompts", name }, { project });
  const enters = project === "" || may(model, subject, { verb: "view", resource: "projects", name: project });
  const path = `/api/v1/prompts/${name}?project=${project}`;
  const sort = dice.below(3);
  if (sort === 0) return [`GET ${path}`, (await w.api("GET", path, undefined, bearer)).status === 200, asks("view")];
  if (sort === 1) {
    const { status, json } = await w.api("GET", "/api/v1/prompts", undefined, bearer);
    const is = (item: { name: string; project?: string }) => item.name === name && (item.project ?? "") === project;
    return [`list prompts: ${project}/${name}`, status === 200 && json.items.some(is), asks("view")];
  }
  const documents = [promptOf(project, name)];
  const { status } = await w.api("POST", "/api/v1/apply", { documents, dryRun: true }, bearer);
  return [`apply ${path}`, status === 200, enters && asks("update")];
}

test("the product decides as sixty plain lines do, asked and done", async () => {
  const from = performance.now();
  let [compared, allowed] = [0, 0];
  for (let round = 0; compared < decisions; round++) {
    const dice = diceOf(seed + round);
    const dealt = await deal(dice, round);
    const subjects = [...refs, ...dealt.tokens.map(({ sha }) => `McpToken:${sha}`)];
    for (let n = 0; n < perWorld && compared < decisions; n++, compared++) {
      const subject = dice.pick(dice.once(10) ? groups : subjects);
      const bearer = dealt.bearers[subject];
      let [what, says, expected]: [string, boolean, boolean] = ["", false, false];
      if (dice.once(4) && bearer !== undefined) [what, says, expected] = await deed(dice, dealt, subject, bearer);
      else {
        const { body, asked, about } = question(dice, dealt);
        what = JSON.stringify(body);
        says = (await w.api("POST", "/api/v1/auth/can-i", { ...body, as: subject })).json.allowed;
        expected = may(dealt.model, subject, asked, about);
      }
      if (says !== expected)
        throw new Error(`SEED=${seed} RUNS=${decisions}, world ${round}: ${subject} ${what}: ${says}`);
      if (says) allowed++;
    }
    await w.must("POST", "/api/v1/apply", { documents: people.map((name) => ({ kind: "user", name })) });
    for (const { name } of (await w.must("GET", "/api/v1/rbac")).items)
      if (name.startsWith("for-")) await w.must("DELETE", `/api/v1/rbac/${name}`);
  }
  // Neither nearly all refused nor nearly all allowed, or nothing was compared.
  expect(allowed / compared).toBeGreaterThan(0.1);
  expect(allowed / compared).toBeLessThan(0.9);
  const ms = Math.round(performance.now() - from);
  process.stdout.write(`${compared} decisions compared in ${ms} ms, ${allowed} of them allowed, SEED=${seed}\n`);
}, 300_000);
