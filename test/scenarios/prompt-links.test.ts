import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Binding } from "../../src/resources/rbac.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { type World, world } from "../world.ts";

/** Prompts whose text is another project's resource, through the whole of mcpctl: who may write them, and with whose rights they are read. */
let w: World;
const notes = startHttpServer({ name: "notes" });

const writes: Binding[] = [
  { role: "edit", resource: "prompts" },
  { role: "view", resource: "projects" },
];
const usesShared: Binding = { role: "run", resource: "projects", name: "shared" };
const link = "shared/notes:fixture://notes/one";
const text = "notes reads fixture://notes/one";

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "notes", url: notes.url },
      { kind: "project", name: "shared", servers: ["notes"] },
      { kind: "project", name: "demo", servers: [] },
      { kind: "project", name: "other", servers: [] },
    ],
  });
});
afterAll(async () => {
  await w.close();
  notes.stop();
});

const prompt = (name: string, more: object = {}) => ({ name, project: "demo", link, ...more });
const statusOf = async (name: string) => (await w.must("GET", `/api/v1/prompts/${name}?project=demo`)).status;
const isDead = (name: string, reason: string) =>
  w.until(`${name} is dead: ${reason}`, async () => {
    const status = await statusOf(name);
    return status.link === "dead" && status.reason.includes(reason);
  });
const isAlive = (name: string) => w.until(`${name} is alive`, async () => (await statusOf(name)).link === "alive");
const read = (name: string) => w.rooms.proxyModels.shelf.read("demo", name);
/** Somebody who writes prompts and uses the shared project, and what gives that. */
async function author(name: string) {
  const token = await w.userWith(name, [...writes, usesShared]);
  return { token, definition: `/api/v1/rbac/of-${name}`, user: `/api/v1/users/${name}@example.com` };
}

test("who may not use what a link leads to cannot write it, and learns nothing of what is there", async () => {
  const stranger = await w.userWith("stranger", writes);
  const write = (to: string) => w.api("POST", "/api/v1/prompts", prompt("refused", { link: to }), stranger);
  for (const to of [link, "shared/nothing:x://y", "nowhere/notes:x://y"]) {
    const refused = await write(to);
    expect([refused.status, refused.json.code]).toEqual([403, "forbidden"]);
    expect(refused.json.detail).toContain(`lacks role:run,resource:projects,name:${to.split("/")[0]}`);
  }
  const known = await author("known");
  for (const [to, why] of [
    ["shared/nothing:x://y", 'project "shared" has no server of this name'],
    ["demo/notes:x://y", "lacks"],
  ] as const) {
    const refused = await w.api("POST", "/api/v1/prompts", prompt("refused", { link: to }), known.token);
    expect(refused.json.fields?.[0].message ?? refused.json.detail).toContain(why);
  }
  expect((await w.api("GET", "/api/v1/prompts/refused?project=demo")).status).toBe(404);
});

test("an id in a link is judged by what it leads to, and not as a name that a pattern happens to hold", async () => {
  const { id: project } = await w.must("GET", "/api/v1/projects/shared");
  const { id: server } = await w.must("GET", "/api/v1/servers/notes");
  const dashes = await w.userWith("dashes", [...writes, { role: "run", resource: "tools", name: "*-*/*" }]);
  const usesNotes = await w.userWith("uses", [
    ...writes,
    usesShared,
    { role: "run", resource: "tools", name: "*-*/*" },
  ]);
  const write = (bearer: string) =>
    w.api("POST", "/api/v1/prompts", prompt("by-id", { link: `${project}/${server}:fixture://notes/one` }), bearer);
  const refused = await write(dashes);
  expect([refused.status, refused.json.detail]).toEqual([403, expect.stringContaining("lacks role:run")]);
  expect(refused.text).not.toContain("notes");
  expect((await write(usesNotes)).status).toBe(201);
  expect(await read("by-id")).toBe(text);
});

test("a token that is confined to its project writes no link into another", async () => {
  const { token } = await w.must("POST", "/api/v1/mcptokens", {
    name: "writer",
    project: "demo",
    roleBindings: [{ role: "edit", resource: "prompts" }, { role: "view", resource: "projects" }, usesShared],
  });
  const refused = await w.api("POST", "/api/v1/prompts", prompt("by-token"), token);
  expect(refused.status).toBe(403);
  expect(refused.json.detail).toContain('a token is confined to its project "demo"');
});

test("a link is read with the rights of who wrote it, for as long as they have them", async () => {
  const ann = await author("ann");
  expect((await w.api("POST", "/api/v1/prompts", prompt("style"), ann.token)).status).toBe(201);
  await isAlive("style");
  expect(await read("style")).toBe(text);
  const shown = await w.must("GET", "/api/v1/prompts/style?project=demo");
  expect(JSON.stringify(shown)).not.toMatch(/owner/i);
  expect(shown.status).toMatchObject({ bytes: text.length, link: "alive" });
  const { out } = await w.cli(["get", "prompts", "-p", "demo"]);
  expect(out).toMatch(/style .*shared\/notes:fixture:\S+ +alive/);

  const bindings = (await w.must("GET", ann.definition)).roleBindings;
  const give = (roleBindings: unknown) =>
    w.must("PUT", ann.definition, {
      name: "of-ann",
      subjects: [{ kind: "User", name: "ann@example.com" }],
      roleBindings,
    });
  await give(writes);
  await isDead("style", "may not read");
  await expect(read("style")).rejects.toThrow(/may not read/);
  expect((await w.cli(["describe", "prompt", "style", "-p", "demo"])).out).toContain("may not read");
  await give(bindings);
  await isAlive("style");
  await w.must("PUT", ann.user, { name: "ann@example.com", disabled: true });
  await isDead("style", "may not read");
  await w.must("PUT", ann.user, { name: "ann@example.com", disabled: false });
  await isAlive("style");
  await w.must("DELETE", ann.user);
  await isDead("style", "may not read");
  // Another person of the same name answers for nothing of it.
  await w.must("POST", "/api/v1/users", { name: "ann@example.com" });
  await give(bindings);
  await expect(read("style")).rejects.toThrow(/may not read/);
});

test("whoever edits around a link neither breaks it nor takes it on, and cannot turn it elsewhere", async () => {
  const ben = await author("ben");
  const editor = await w.userWith("editor", writes);
  await w.api("POST", "/api/v1/prompts", prompt("kept"), ben.token);
  await isAlive("kept");
  const edit = (more: object) => w.api("PUT", "/api/v1/prompts/kept", prompt("kept", more), editor);
  expect((await edit({ description: "edited" })).json.description).toBe("edited");
  expect(await read("kept")).toBe(text);
  expect((await edit({ link: `${link}#2` })).status).toBe(403);
  const moved = prompt("kept", { project: "other" });
  expect((await w.api("PUT", "/api/v1/prompts/kept", moved, editor)).status).toBe(403);

  await w.must("DELETE", ben.definition);
  await isDead("kept", "may not read");
  // Not even an administrator gives it rights that nobody asked of them.
  await w.must("PUT", "/api/v1/prompts/kept", prompt("kept", { description: "by the administrator" }));
  await expect(read("kept")).rejects.toThrow(/may not read/);
  await w.must("PUT", "/api/v1/prompts/kept", { name: "kept", project: "demo", content: "in its place" });
  await w.must("PUT", "/api/v1/prompts/kept", prompt("kept"));
  expect(await read("kept")).toBe(text);
});

test("what get prints can be applied again and changes nothing, the link's owner least of all", async () => {
  const eve = await author("eve");
  await w.api("POST", "/api/v1/prompts", prompt("round"), eve.token);
  await isAlive("round");
  const { out } = await w.cli(["get", "prompt", "round", "-p", "demo", "-o", "yaml"]);
  const applied = await w.cli(["apply", "-f", "-"], { stdin: out });
  expect(applied.out).toContain("unchanged");
  await w.must("DELETE", eve.definition);
  await isDead("round", "may not read");
});

test("a server that goes, and a project that loses it, make it dead with the reason", async () => {
  const gone = startHttpServer({ name: "gone" });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "gone", url: gone.url },
      { kind: "project", name: "lent", servers: ["gone"] },
      { kind: "prompt", name: "lent", project: "demo", link: "lent/gone:fixture://gone/one" },
    ],
  });
  await isAlive("lent");
  gone.stop();
  w.advance(6 * 60_000);
  expect(await read("lent")).toBe("gone reads fixture://gone/one");
  await isDead("lent", 'server "gone": it cannot be reached');
  await w.must("PUT", "/api/v1/projects/lent", { name: "lent", servers: [] });
  await isDead("lent", 'project "lent" does not have server "gone" any more');
  await w.must("DELETE", "/api/v1/servers/gone");
  await isDead("lent", 'server "gone" is gone');
});

test("a server that hangs holds up the writer and the gate's reader for no longer than said", async () => {
  const hanging = startHttpServer({ name: "hanging", hang: "resources/read" });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "hanging", url: hanging.url },
      { kind: "project", name: "hangs", servers: ["hanging"] },
      { kind: "prompt", name: "hanging", project: "demo", link: "hangs/hanging:fixture://hanging/one" },
    ],
  });
  const reading = w.rooms.proxyModels.shelf.read("demo", "hanging", { patienceMs: 50 });
  await expect(reading).rejects.toThrow(/has not answered yet/);
  expect((await statusOf("hanging")).link).toBe("unknown");
  hanging.stop();
});
