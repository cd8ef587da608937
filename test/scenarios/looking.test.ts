import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type World, world } from "../world.ts";

let w: World;
/** May view one secret, and knows of no other. */
let narrow = "";
const names = ["amber", "blue", "cyan", "green", "red", "white"];

beforeAll(async () => {
  w = await world();
  const secrets = names.map((name, i) => ({
    kind: "secret",
    name,
    data: { key: "x" },
    labels: { team: i % 2 === 0 ? "docs" : "web", ...(i < 2 ? { tier: "test" } : {}) },
  }));
  const env = [{ name: "T", valueFrom: { secretRef: { name: "green", key: "key" } } }];
  await w.must("POST", "/api/v1/apply", {
    documents: [
      ...secrets,
      { kind: "server", name: "idle", command: ["true"], replicas: 0, env, labels: { team: "docs" } },
      { kind: "project", name: "demo", servers: ["idle"], labels: { team: "docs" } },
      { kind: "project", name: "other" },
      { kind: "prompt", name: "style", project: "demo", content: "# House style\n\nBe brief." },
    ],
  });
  narrow = await w.userWith("narrow", [{ role: "view", resource: "secrets", name: "cyan" }]);
});
afterAll(() => w.close());

const namesOf = ({ items }: { items: { name: string }[] }) => items.map(({ name }) => name);
const listed = async (query: string, token?: string) =>
  (await w.api("GET", `/api/v1/secrets${query}`, undefined, token)).json;
const lines = async (query: string, token: string) => {
  const headers = { authorization: `Bearer ${token}`, accept: "application/x-ndjson" };
  const text = await (await w.fetch(new Request(`${w.url}/api/v1/secrets${query}`, { headers }))).text();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string });
};

describe("labels choose", () => {
  test.each([
    ["team=docs", ["amber", "cyan", "red"]],
    ["team!=docs", ["blue", "green", "white"]],
    ["tier", ["amber", "blue"]],
    ["!tier,team==web", ["green", "white"]],
    ["team=nobody", []],
  ])("%s", async (selector, chosen) => {
    expect(namesOf(await listed(`?labels=${encodeURIComponent(selector)}`))).toEqual(chosen);
    expect((await w.cli(["get", "secrets", "-l", selector, "-o", "name"])).out.split("\n").filter(Boolean)).toEqual(
      chosen.map((name) => `secrets/${name}`),
    );
  });

  test("what makes no sense is refused, by kinds without labels too", async () => {
    expect((await w.api("GET", "/api/v1/secrets?labels=a%3D%3D%3Db")).status).toBe(422);
    expect((await w.api("GET", "/api/v1/sessions?labels=a")).status).toBe(422);
    expect(await w.cli(["get", "sessions", "-l", "a=b"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("sessions have no labels"),
    });
    expect((await w.cli(["get", "secret", "amber", "-l", "a=b"])).code).toBe(2);
  });
});

describe("pages", () => {
  test("put together are the list, whatever their size, and go on where one was deleted", async () => {
    for (const limit of [1, 2, 4, 6, 7]) {
      const found: string[] = [];
      for (let cursor = ""; ; ) {
        const page = await listed(`?limit=${limit}${cursor}`);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...namesOf(page));
        if (page.next === undefined) break;
        cursor = `&cursor=${page.next}`;
      }
      expect([limit, found]).toEqual([limit, names]);
    }
    await w.must("POST", "/api/v1/secrets", { name: "black", data: {} });
    const { next } = await listed("?limit=2");
    await w.must("DELETE", "/api/v1/secrets/black");
    expect(namesOf(await listed(`?limit=2&cursor=${next}`))).toEqual(["blue", "cyan"]);
  });

  test("of what is in one project, of none, and of kinds that lie in no table", async () => {
    const of = async (path: string) => namesOf((await w.api("GET", path)).json);
    expect(await of("/api/v1/prompts?limit=9&project=demo")).toEqual(["style"]);
    expect(await of("/api/v1/prompts?limit=9&project=")).toEqual([]);
    expect((await of("/api/v1/prompts?limit=3&project=mcpctl-system")).length).toBe(3);
    const all = await of("/api/v1/proxymodels");
    const { items, next } = (await w.api("GET", "/api/v1/proxymodels?limit=1")).json;
    expect([...namesOf({ items }), ...(await of(`/api/v1/proxymodels?limit=99&cursor=${next}`))].sort()).toEqual(
      all.sort(),
    );
  });

  test.each(["limit=0", "limit=1001", "limit=x", "cursor=%21", "cursor=YQ==", "watch=yes", "watch=true&limit=1"])(
    "%s is refused",
    async (query) => expect((await w.api("GET", `/api/v1/secrets?${query}`)).status).toBe(422),
  );
});

test("who may view one sees that one in pages, lines and watches, and nothing tells where others stand", async () => {
  const page = await listed("?limit=1", narrow);
  expect([namesOf(page), page.next]).toEqual([["cyan"], undefined]);
  expect(namesOf(await listed("?labels=team%3Dweb", narrow))).toEqual([]);
  expect((await lines("", narrow)).map(({ name }) => name)).toEqual(["cyan"]);
  // A cursor of somebody else's leads to nothing that is not theirs.
  const { next } = await listed("?limit=1");
  expect(namesOf(await listed(`?limit=5&cursor=${next}`, narrow))).toEqual(["cyan"]);
  expect((await lines("", w.admin)).map(({ name }) => name)).toEqual(names);
});

/** Reads a watch event by event. */
async function watched(path: string, token: string) {
  const response = await w.fetch(new Request(w.url + path, { headers: { authorization: `Bearer ${token}` } }));
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const events: { type: string; item?: { name: string }; problem?: { code: string } }[] = [];
  const done = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      for (const line of new TextDecoder().decode(part.value).split("\n").filter(Boolean))
        events.push(JSON.parse(line));
  })();
  const told = () => events.map(({ type, item }) => `${type} ${item?.name ?? ""}`.trim());
  return { events, told, done, stop: () => reader.cancel() };
}

test("a watch tells what there is, what becomes of it, and nothing of what its caller may not view; it ends with the right to it", async () => {
  const [all, one] = await Promise.all([
    watched("/api/v1/secrets?watch=true", w.admin),
    watched("/api/v1/secrets?watch=true", narrow),
  ]);
  await w.until("both are told all", () => all.told().includes("synced") && one.told().includes("synced"));
  expect(all.told()).toEqual([...names.map((name) => `added ${name}`), "synced"]);
  expect(w.rooms.listWatch.size()).toBe(2);
  await w.must("POST", "/api/v1/secrets", { name: "new", data: {} });
  await w.must("PUT", "/api/v1/secrets/cyan", { name: "cyan", description: "other", labels: { team: "docs" } });
  await w.until("both are told", () => all.told().includes("changed cyan") && one.told().includes("changed cyan"));
  await w.must("DELETE", "/api/v1/secrets/new");
  await w.until("it is told", () => all.told().includes("deleted new"));
  await all.stop();
  await w.must("DELETE", "/api/v1/rbac/of-narrow");
  await one.done;
  expect(one.told()).toEqual(["added cyan", "synced", "changed cyan", "refused"]);
  expect(one.events.at(-1)?.problem?.code).toBe("forbidden");
  expect(w.rooms.listWatch.size()).toBe(0);
});

test("a rehearsal does not say whether a secret is what it would be set to", async () => {
  const rehearsed = async (key: string) =>
    (
      await w.must("POST", "/api/v1/apply", {
        dryRun: true,
        show: true,
        documents: [{ kind: "secret", name: "amber", data: { key }, labels: { team: "docs", tier: "test" } }],
      })
    ).results;
  expect(await rehearsed("x")).toEqual(await rehearsed("other"));
});

test("one bearer leaves room for the watches of others, and who loses the right has no place, read or not", async () => {
  const greedy = await w.userWith("greedy", [{ role: "view", resource: "secrets" }]);
  const open = async (token: string) =>
    await w.fetch(new Request(`${w.url}/api/v1/secrets?watch=true`, { headers: { authorization: `Bearer ${token}` } }));
  const answers = await Promise.all(Array.from({ length: 33 }, () => open(greedy)));
  expect(answers.filter(({ status }) => status === 200).length).toBe(32);
  const other = await open(w.admin);
  expect(other.status).toBe(200);
  await other.body?.cancel();
  await w.must("DELETE", "/api/v1/rbac/of-greedy");
  await w.until("its places are free", () => w.rooms.listWatch.size() === 0);
});

describe("get", () => {
  const ok = async (...words: string[]) => {
    const { code, out, err } = await w.cli(words);
    expect([words.join(" "), code, err]).toEqual([words.join(" "), 0, ""]);
    return out;
  };

  test("json is what one call would print of the whole list", async () => {
    const out = await ok("get", "secrets", "-o", "json");
    expect(out).toBe(JSON.stringify(JSON.parse(out), null, 2));
    expect(await ok("get", "secrets", "-l", "team=none", "-o", "json")).toBe(
      JSON.stringify({ kind: "List", items: [] }, null, 2),
    );
  });

  test.each([
    [
      ["get", "secrets,projects", "-l", "team=docs", "-o", "name"],
      "secrets/amber\nsecrets/cyan\nsecrets/red\nprojects/demo",
    ],
    [["get", "secrets/red", "projects/demo", "-o", "name"], "secrets/red\nprojects/demo"],
    [["get", "secrets", "-l", "tier", "-o", "jsonpath={.items[*].name}"], "amber blue"],
    [
      ["get", "secrets", "-l", "tier", "-o", 'jsonpath={range .items[*]}{.name}:{.labels.team}{"\\n"}{end}'],
      "amber:docs\nblue:web",
    ],
    [["get", "secret", "red", "-o", "jsonpath={.labels}"], '{"team":"docs"}'],
    [
      ["get", "secrets", "-l", "tier", "-o", "custom-columns=N:.name,T:.labels.tier,X:.nothing", "--no-headers"],
      "amber   test   <none>\nblue    test   <none>",
    ],
    [
      ["get", "secrets", "--sort-by", ".labels.team", "-l", "tier!=test", "-o", "name"],
      "secrets/cyan\nsecrets/red\nsecrets/green\nsecrets/white",
    ],
    [
      ["get", "secrets", "-l", "tier", "--show-labels"],
      "NAME    KEYS   LABELS                DESCRIPTION\namber   key    team=docs,tier=test\nblue    key    team=web,tier=test",
    ],
  ])("%j", async (words, out) => expect(await ok(...words)).toBe(out));

  test.each([
    ["-o", "tabel", 'Did you mean "table"?'],
    ["-o", "jsonpath", "is written jsonpath=TEMPLATE"],
    ["-o", "json=x", "takes nothing behind it"],
    ["-o", "jsonpath={.items[}", "cannot be read"],
    ["-o", "jsonpath={range .items[*]}{.name}", "no {end}"],
    ["-o", "custom-columns=NAME", "HEADER:.path"],
    ["--sort-by", "[", "cannot be read"],
  ])("%s %s is refused before anything is printed", async (flag, value, why) => {
    expect(await w.cli(["get", "secrets", flag, value])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining(why),
    });
  });

  test("all of a project is what it is made of, in the order in which it is applied, and changes nothing", async () => {
    const { out, err } = await w.cli(["get", "all", "-p", "demo", "-o", "yaml"]);
    expect(out.match(/^(kind|name): .*/gm)?.map((line) => line.split(" ")[1])).toEqual([
      "secret",
      "green",
      "server",
      "idle",
      "project",
      "demo",
      "prompt",
      "style",
    ]);
    expect(out).not.toMatch(/^(id|status|version|createdAt):/m);
    expect(err).toContain("without their values");
    expect((await w.cli(["apply", "-f", "-"], { stdin: out })).out.match(/unchanged/g)).toHaveLength(4);
    const everything = (await w.cli(["get", "all", "-o", "name"])).out.split("\n");
    expect(everything).toContain("projects/other");
    // What comes with mcpctl is not to be applied elsewhere.
    expect(everything.filter((name) => /proxymodels|sessions|mcptokens/.test(name))).toEqual([]);
  });

  test("what may not be viewed is left out of all, and told", async () => {
    const token = await w.userWith("half", [{ role: "view", resource: "projects" }]);
    const { code, out, err } = await w.cli(["get", "all", "-p", "demo", "-o", "name", "--token", token]);
    expect([code, out]).toEqual([0, "projects/demo"]);
    expect(err).toContain("Without what you may not view: prompts, servers/idle");
  });
});

describe("describe", () => {
  test("tells what hangs together with it, who may touch it and what was done to it", async () => {
    const secret = (await w.cli(["describe", "secret", "green"])).out;
    expect(secret).toMatch(/Used by:\n {2}server idle/);
    expect(secret).toMatch(/Who may:\n.*\n.*User:admin@localhost +role:edit,resource:\* +administrators/);
    expect(secret).toMatch(/Events:\n.*\n.* create +admin@localhost/);
    const both = (await w.cli(["describe", "servers/idle", "projects/demo"])).out;
    expect(both).toMatch(/Uses:\n {2}secret green[\s\S]*Used by:\n {2}project demo[\s\S]*Name: {7}demo/);
    expect(await w.cli(["describe", "secret", "green", "nope"])).toMatchObject({ code: 6, out: "" });
  });

  test("of what its reader may not view it tells nothing but how much there is", async () => {
    const token = await w.userWith("reader", [{ role: "view", resource: "secrets" }]);
    const { out, code } = await w.cli(["describe", "secret", "green", "--token", token]);
    expect(code).toBe(0);
    expect(out).not.toMatch(/idle|administrators|Events|admin@/);
    expect(out).toContain("and who has rights by 2 definitions that you may not view");
  });
});

test("status tells that it stops, and how much is still under way", async () => {
  await using stopping = await world();
  await stopping.rooms.stopping();
  expect((await stopping.cli(["status"])).out).toContain("It stops: new work is refused, nothing is under way");
  expect(JSON.parse((await stopping.cli(["status", "-o", "json"])).out).stopping).toEqual({ calls: 0 });
});
