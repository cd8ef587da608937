import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Resource } from "../../src/resources/define.ts";
import { mostRequests } from "../../src/resources/prompt-request.ts";
import { systemProject, systemPrompts } from "../../src/resources/system-prompts.ts";
import { alike, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      ...["demo", "other", "third"].map((name) => ({ kind: "project", name, servers: [] })),
      prompt("style", "demo", "Of demo."),
      prompt("style", "other", "Of other."),
      prompt("house", undefined, "Of every project."),
      prompt("house", "demo", "Demo's own."),
      prompt("alone", "other", "Only here."),
      prompt("twice", "demo", "1"),
      prompt("twice", "other", "2"),
    ],
  });
});
afterAll(() => w.close());

const prompt = (name: string, project: string | undefined, content: string) => ({
  kind: "prompt",
  name,
  ...(project === undefined ? {} : { project }),
  content,
});
const path = (name: string, project?: string, kind = "prompts") =>
  `/api/v1/${kind}/${name}${project === undefined ? "" : `?project=${project}`}`;
const contentOf = async (name: string, project?: string) => (await w.must("GET", path(name, project))).content;
const names = async (query: string, bearer?: string): Promise<string[]> =>
  (await w.api("GET", `/api/v1/prompts${query}`, undefined, bearer)).json.items.map(
    ({ project, name }: Resource & { project?: string }) => `${project ?? "*"}/${name}`,
  );
const ok = async (...words: string[]) => {
  const { code, out, err } = await w.cli(words);
  expect([words.join(" "), code, err]).toEqual([words.join(" "), 0, ""]);
  return out;
};

describe("names are unique within a project", () => {
  test("each project has its own, and a list is of one project, of none, or of all", async () => {
    expect([await contentOf("style", "demo"), await contentOf("style", "other")]).toEqual(["Of demo.", "Of other."]);
    expect(await names("?project=demo")).toEqual(["demo/house", "demo/style", "demo/twice"]);
    expect(await names("?project=")).toEqual(["*/house"]);
    expect((await names("")).length).toBe(7);
    expect((await w.api("GET", "/api/v1/prompts?project=nowhere")).status).toBe(404);
    expect((await w.api("POST", "/api/v1/prompts", { name: "style", project: "demo", content: "x" })).status).toBe(409);
  });

  test("a name alone is that of every project, else the only one; of several nobody guesses", async () => {
    expect(await contentOf("house")).toBe("Of every project.");
    expect(await contentOf("alone")).toBe("Only here.");
    const { status, json } = await w.api("GET", path("twice"));
    expect([status, json.hint]).toEqual([409, "say which with -p PROJECT"]);
    expect((await w.api("GET", path("alone", "demo"))).status).toBe(404);
    expect((await w.api("GET", path("alone", ""))).status).toBe(404);
    for (const odd of ["demo%2Fstyle", "%25", "_lone", ""])
      expect((await w.api("DELETE", path(odd))).status).not.toBe(200);
  });

  test("an id is found anywhere but in a project that it is not of", async () => {
    const { id } = await w.must("GET", path("style", "demo"));
    expect([await contentOf(id), await contentOf(id, "demo")]).toEqual(["Of demo.", "Of demo."]);
    expect((await w.api("GET", path(id, "other"))).status).toBe(404);
    expect((await w.api("GET", path(id, ""))).status).toBe(404);
  });

  test("a project may be meant by its id, and is kept by its name", async () => {
    const { id } = await w.must("GET", "/api/v1/projects/third");
    const made = await w.must("POST", "/api/v1/prompts", { name: "by-id", project: id, content: "x" });
    expect([made.project, await names(`?project=${id}`)]).toEqual(["third", ["third/by-id"]]);
    const again = await w.must("PUT", path("by-id"), { name: "by-id", project: "third", content: "x" });
    expect(again.version).toBe(1);
    await w.must("DELETE", path("by-id", "third"));
  });

  test("a write without a project makes one for every project, and never changes a project's own", async () => {
    const made = await w.must("PUT", path("alone"), { name: "alone", content: "Everywhere." });
    expect(made.project).toBeUndefined();
    expect([await contentOf("alone", "other"), await contentOf("alone")]).toEqual(["Only here.", "Everywhere."]);
    const gone = await w.cli(["delete", "-f", "-", "--yes"], {
      stdin: JSON.stringify(prompt("alone", undefined, "x")),
    });
    expect(gone.code).toBe(0);
    const again = await w.cli(["delete", "-f", "-", "--yes"], {
      stdin: JSON.stringify(prompt("alone", undefined, "x")),
    });
    expect([again.code, await contentOf("alone", "other")]).toEqual([6, "Only here."]);
  });

  test("the address may name the project in place of the body, and not another one", async () => {
    const body = { name: "style", content: "Of demo." };
    expect((await w.must("PUT", path("style", "demo"), body)).version).toBe(1);
    expect((await w.api("PUT", path("style", "other"), { ...body, project: "demo" })).status).toBe(422);
    expect((await w.api("PUT", path("style", ""), { ...body, project: "demo" })).status).toBe(422);
  });

  test("the command line: create, edit, describe and delete, each with -p", async () => {
    const file = { files: { "notes.md": "# Notes\n" } };
    expect((await w.cli(["create", "prompt", "notes", "-p", "demo", "--content-file", "notes.md"], file)).code).toBe(0);
    const piped = await w.cli(["create", "prompt", "notes", "--content-file", "-"], { stdin: "From a pipe" });
    expect(piped.out).toBe("prompt/notes created, for every project");
    const both = await w.cli(["create", "prompt", "x", "--content", "a", "--content-file", "notes.md"], file);
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("not both")]);
    expect((await w.cli(["create", "prompt", "x", "--content-file", "gone.md"])).err).toContain(
      "gone.md does not exist",
    );
    const edited = await w.cli(["edit", "prompt", "notes", "-p", "demo"], {
      edit: async (file) => {
        await Bun.write(file, (await Bun.file(file).text()).replace("# Notes", "# Better notes"));
        return 0;
      },
    });
    expect([edited.code, edited.out]).toEqual([0, "prompt/notes edited"]);
    expect([await contentOf("notes", "demo"), await contentOf("notes")]).toEqual(["# Better notes\n", "From a pipe"]);
    const moved = await w.cli(["edit", "prompt", "notes", "-p", "demo"], {
      edit: async (file) => {
        await Bun.write(file, (await Bun.file(file).text()).replace("project: demo", "project: other"));
        return 0;
      },
    });
    expect([moved.code, moved.err]).toEqual([2, expect.stringContaining("stays where it is")]);
    const told = await ok("describe", "prompt", "notes", "-p", "demo");
    expect(told).toContain("  project: demo");
    expect(told).toContain("Content:\n  | # Better notes\n\n");
    expect(await ok("delete", "prompt", "notes", "-p", "demo", "--yes")).toBe("prompt/notes deleted");
    expect(await contentOf("notes")).toBe("From a pipe");
    await ok("delete", "prompt", "notes", "--yes");
  });

  test("describe project names those that its clients are given: an own one in the place of a shared one", async () => {
    expect(await ok("describe", "project", "demo")).toContain("prompts:\n    - house\n    - style\n    - twice");
    expect(await ok("describe", "project", "third")).toContain("prompts:\n    - house (of every project)");
  });
});

describe("mcpctl's own prompts", () => {
  const all = Object.keys(systemPrompts).sort();
  const opened = systemPrompts["gate-opened"].content;

  test("all are there, changed or not; elsewhere only what somebody wrote is listed", async () => {
    const { items } = await w.must("GET", `/api/v1/prompts?project=${systemProject}`);
    expect(items.map(({ name }: Resource) => name)).toEqual(all);
    expect(items.every(({ status }: Resource) => status?.["default"] === true)).toBe(true);
    expect((await names("")).filter((name) => name.startsWith(systemProject))).toEqual([]);
  });

  test("one is changed by edit, listed as changed, and restored by delete, which says so", async () => {
    const edited = await w.cli(["edit", "prompt", "gate-opened", "-p", systemProject], {
      edit: async (file) => {
        await Bun.write(file, (await Bun.file(file).text()).replace("The session is open", "Open"));
        return 0;
      },
    });
    expect([edited.code, edited.out]).toEqual([0, "prompt/gate-opened edited"]);
    const changed = await w.must("GET", path("gate-opened", systemProject));
    expect([changed.content, changed.status.default]).toEqual([opened.replace("The session is open", "Open"), false]);
    expect((await names("")).filter((name) => name.startsWith(systemProject))).toEqual([
      `${systemProject}/gate-opened`,
    ]);
    expect(await ok("delete", "prompt", "gate-opened", "-p", systemProject, "--yes")).toBe(
      "prompt/gate-opened restored to its default",
    );
    expect((await w.must("GET", path("gate-opened", systemProject))).content).toBe(opened);
    expect((await w.cli(["delete", "prompt", "gate-opened", "-p", systemProject, "--yes"])).code).toBe(7);
  });

  test("writing the default's text restores it too, and what was printed changes nothing", async () => {
    const put = (content: string) =>
      w.api("PUT", path("gate-index"), { name: "gate-index", project: systemProject, content });
    expect((await put("Read on:")).json.status.default).toBe(false);
    const printed = await ok("get", "prompts", "-p", systemProject, "-o", "yaml");
    const applied = await w.cli(["apply", "-f", "-"], { stdin: printed });
    expect(applied.out.split("\n")).toEqual(all.map((name) => `prompt/${name} unchanged`));
    expect((await put(systemPrompts["gate-index"].content)).json).toMatchObject({
      version: 0,
      status: { default: true },
    });
    expect((await put(systemPrompts["gate-index"].content)).json.version).toBe(0);
  });

  test.each([
    ["a name that is none", { name: "mine", content: "x" }, "/name", /there are gate-index/],
    [
      "a variable that is missing",
      { name: "gate-opened", content: "Open." },
      "/content",
      /must hold \{\{toolCount\}\}/,
    ],
    [
      "an unknown variable",
      { name: "gate-opened", content: "{{toolCount}} {{canary}}" },
      "/content",
      /holds a variable that it is not given; it is given \{\{toolCount\}\}/,
    ],
    ["another field", { name: "gate-index", content: "x", priority: 9 }, "/priority", /cannot be changed/],
    ["a link", { name: "gate-index", link: "demo/files:file:///x" }, "/link", /./],
    ["no text", { name: "gate-index", content: " " }, "/content", /must not be empty/],
  ])("%s is refused by its field", async (_, body, field, message) => {
    const { status, json } = await w.api("PUT", path(body.name), { project: systemProject, ...body });
    expect([status, json.fields]).toEqual([
      422,
      expect.arrayContaining([{ path: field, message: expect.stringMatching(message) }]),
    ]);
    expect(JSON.stringify(json)).not.toContain("canary");
  });

  test("a change is in what the next client is told, and its deletion too", async () => {
    await w.must("POST", "/api/v1/projects", { name: "gated", servers: [], proxyModel: "gate" });
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
    const told = async () =>
      (await w.rpc(w.admin, "initialize", params, "/projects/gated/mcp")).json.result.instructions as string;
    const content = "Say what you are up to {{how}}.";
    const before = await told();
    expect(before).toContain("The tools of this project are shown once");
    await w.must("PUT", path("gate-instructions"), { name: "gate-instructions", project: systemProject, content });
    expect(await told()).toMatch(/Say what you are up to .+\./);
    await w.must("DELETE", path("gate-instructions", systemProject));
    expect(await told()).toBe(before);
    await w.must("DELETE", "/api/v1/projects/gated");
  });

  test("mcpctl-system is no project", async () => {
    const body = { name: systemProject, servers: [] };
    expect((await w.api("POST", "/api/v1/projects", body)).json.fields[0].path).toBe("/name");
    expect((await w.api("PUT", `/api/v1/projects/${systemProject}`, body)).status).toBe(422);
    expect((await w.api("DELETE", `/api/v1/projects/${systemProject}`)).status).toBe(404);
    expect((await w.api("GET", `/api/v1/projects/${systemProject}`)).status).toBe(404);
    expect((await w.rpc(w.admin, "ping", {}, `/projects/${systemProject}/mcp`)).status).toBe(404);
    expect((await w.api("POST", "/api/v1/mcptokens", { name: "t", project: systemProject })).status).not.toBe(201);
    const request = { name: "gate-opened", project: systemProject, content: "x" };
    expect((await w.api("POST", "/api/v1/promptrequests", request)).status).toBe(422);
    expect(await ok("get", "projects", "-o", "name")).not.toContain(systemProject);
  });
});

describe("rights", () => {
  const view = { role: "view", resource: "projects" } as const;
  const write = (bearer: string, name: string, project?: string) =>
    w.api("PUT", path(name), { name, content: `by ${name}`, ...(project === undefined ? {} : { project }) }, bearer);

  test("a right of one name reaches it in every project, and neither what all projects are told nor mcpctl's own words", async () => {
    const bearer = await w.userWith("namer", [
      view,
      { role: "edit", resource: "prompts", name: "style" },
      { role: "edit", resource: "prompts", name: "gate-index" },
    ]);
    for (const project of ["demo", "other", "third"]) expect((await write(bearer, "style", project)).status).toBe(200);
    expect((await write(bearer, "gate-index", "third")).status).toBe(200);
    for (const [name, project] of [
      ["style", undefined],
      ["gate-index", systemProject],
    ] as const) {
      const { status, json } = await write(bearer, name, project);
      expect([status, json.detail]).toEqual([
        403,
        expect.stringMatching(/lacks role:(create|edit),resource:prompts: it is told/),
      ]);
      const asked = { verb: "update", resource: "prompts", name, project: project ?? "" };
      expect((await w.api("POST", "/api/v1/auth/can-i", asked, bearer)).json.allowed).toBe(false);
    }
    expect((await w.api("GET", path("gate-index", systemProject), undefined, bearer)).status).toBe(200);
    expect((await w.api("DELETE", path("gate-index", systemProject), undefined, bearer)).status).toBe(403);
    const whole = await w.userWith("whole", [{ role: "edit", resource: "prompts" }]);
    expect((await write(whole, "style")).status).toBe(200);
    expect((await write(whole, "gate-index", systemProject)).status).toBe(200);
    await w.must("DELETE", path("style", ""));
    await w.must("DELETE", path("gate-index", systemProject));
    await w.must("DELETE", path("gate-index", "third"));
  });

  test("nobody writes or deletes in a project that they may not view", async () => {
    const bearer = await w.userWith("outsider", [
      { role: "edit", resource: "prompts" },
      { ...view, name: "demo" },
    ]);
    expect((await write(bearer, "fresh", "demo")).status).toBe(200);
    for (const project of ["other", "nowhere"]) {
      expect((await write(bearer, "fresh", project)).status).toBe(403);
      expect((await write(bearer, "style", project)).status).toBe(403);
    }
    expect((await w.api("DELETE", path("twice", "other"), undefined, bearer)).status).toBe(403);
    await w.must("DELETE", path("fresh", "demo"));
  });

  test("whether there are several of a name is told to nobody who may not see them", async () => {
    const bearer = await w.userWith("blind", [{ ...view, name: "demo" }]);
    const [several, none] = await Promise.all(
      ["twice", "nothing"].map((name) => w.api("GET", path(name), undefined, bearer)),
    );
    expect([several?.status, none?.status]).toEqual([403, 403]);
    expect(alike(several?.text).replaceAll("twice", "nothing")).toBe(alike(none?.text));
  });

  test("a token reaches its project's own, looks at those of every project and at the models its project names", async () => {
    await w.must("POST", "/api/v1/proxymodels", { name: "slim", stages: [{ type: "passthrough" }] });
    await w.must("POST", "/api/v1/llms", {
      name: "far",
      type: "openai-compatible",
      url: "http://127.0.0.1:9",
      model: "m",
    });
    await w.must("PUT", "/api/v1/projects/other", { name: "other", servers: [], proxyModel: "slim", llm: "far" });
    const made = { name: "walled", project: "other", rbac: "clone" };
    const { token } = await w.must("POST", "/api/v1/mcptokens", made);
    expect(await names("", token)).toEqual(["*/house", "other/alone", "other/style", "other/twice"]);
    expect(await names(`?project=${systemProject}`, token)).toEqual([]);
    // A name alone is that of its own project.
    expect((await w.api("GET", path("twice"), undefined, token)).json.content).toBe("2");
    const refused: [string, string, object?][] = [
      ["GET", path("style", "demo")],
      ["PUT", path("house"), { name: "house", content: "x" }],
      ["DELETE", path("house")],
      ["PUT", path("style", "demo"), { name: "style", content: "x" }],
      ["GET", path("gate-index", systemProject)],
      ["GET", "/api/v1/llms"],
      ["GET", "/api/v1/llms/far"],
      ["PUT", "/api/v1/proxymodels/slim", { name: "slim", stages: [] }],
    ];
    for (const [method, address, body] of refused)
      expect([method, address, (await w.api(method, address, body, token)).status]).toEqual([method, address, 403]);
    expect((await write(token, "twice", "other")).status).toBe(200);
    const models = (await w.api("GET", "/api/v1/proxymodels", undefined, token)).json.items;
    expect(models.map(({ name }: Resource) => name)).toEqual(["slim"]);
    const request = (project: string) =>
      w.api("POST", "/api/v1/promptrequests", { name: "from-token", project, content: "x" }, token);
    expect([(await request("other")).status, (await request("demo")).status]).toEqual([201, 403]);
    await w.must("POST", path("from-token/reject", "other", "promptrequests"), {});
  });
});

describe("promptrequests", () => {
  const requests = "promptrequests";
  const request = (name: string, project = "demo") => ({ name, project, content: `Of ${name}.`, priority: 7 });
  const ask = (name: string, bearer?: string, more: object = {}) =>
    w.api("POST", "/api/v1/promptrequests", { ...request(name), ...more }, bearer);
  const settle = (name: string, action: string, body: object = {}, bearer?: string) =>
    w.api("POST", path(`${name}/${action}`, "demo", requests), body, bearer);
  const changes = async (action: string) =>
    (await w.must("GET", "/api/v1/audit/events?kind=change&limit=1000")).items
      .filter((event: { action: string }) => event.action === action)
      .map(({ resource }: { resource: string }) => resource);

  test("whoever may not write prompts proposes one; who did is set by the server, and nobody changes it", async () => {
    const bearer = await w.userWith("proposer", [
      { role: "view", resource: "projects" },
      { role: "create", resource: requests },
    ]);
    const made = await ask("idea", bearer, { proposedBy: "User:somebody-else" });
    expect([made.status, made.json.proposedBy]).toEqual([201, "User:proposer@example.com"]);
    expect((await w.api("POST", "/api/v1/prompts", request("idea"), bearer)).status).toBe(403);
    const other = { documents: [{ kind: "promptrequest", ...request("idea"), content: "Something else." }] };
    expect((await w.api("POST", "/api/v1/apply", other)).status).toBe(409);
    const same = { documents: [{ kind: "promptrequest", ...request("idea") }] };
    expect((await w.must("POST", "/api/v1/apply", same)).results[0].action).toBe("unchanged");
    expect((await settle("idea", "approve", {}, bearer)).status).toBe(403);
  });

  test("approving takes the right on requests and on prompts; then the one is there and the other gone", async () => {
    const view = { role: "view", resource: "projects" } as const;
    const half = await w.userWith("half", [view, { role: "edit", resource: requests }]);
    const refused = await settle("idea", "approve", {}, half);
    expect([refused.status, refused.json.detail]).toEqual([
      403,
      expect.stringContaining("role:create,resource:prompts"),
    ]);
    expect((await w.api("GET", path("idea", "demo"))).status).toBe(404);
    const whole = await w.userWith("approver", [
      view,
      { role: "edit", resource: requests },
      { role: "create", resource: "prompts" },
    ]);
    const done = await settle("idea", "approve", {}, whole);
    expect(done.json).toMatchObject({ kind: "promptrequest", name: "idea", state: "approved", action: "created" });
    expect(await w.must("GET", path("idea", "demo"))).toMatchObject({ content: "Of idea.", priority: 7 });
    expect((await settle("idea", "approve")).status).toBe(404);
    expect([await changes("approve"), await changes("create")]).toEqual([
      ["promptrequests/idea"],
      expect.arrayContaining(["prompts/idea"]),
    ]);
  });

  test("one that is there is replaced only when that is said; its description stays", async () => {
    await w.must("PUT", path("idea"), { ...request("idea"), content: "Old.", description: "Kept" });
    await ask("idea");
    const { status, json } = await settle("idea", "approve");
    expect([status, json.hint]).toEqual([409, expect.stringContaining("--replace")]);
    expect(await contentOf("idea", "demo")).toBe("Old.");
    expect((await w.api("GET", path("idea", "demo", requests))).status).toBe(200);
    expect((await settle("idea", "approve", { replace: "yes" })).status).toBe(422);
    const creator = await w.userWith("creator", [
      { role: "view", resource: "projects" },
      { role: "edit", resource: requests },
      { role: "create", resource: "prompts" },
    ]);
    expect((await settle("idea", "approve", { replace: true }, creator)).status).toBe(403);
    expect((await settle("idea", "approve", { replace: true })).json.action).toBe("configured");
    expect(await w.must("GET", path("idea", "demo"))).toMatchObject({ content: "Of idea.", description: "Kept" });
  });

  test("a rejected one is gone, and leaves its record", async () => {
    await ask("bad");
    expect((await settle("bad", "reject")).json.state).toBe("rejected");
    expect((await w.api("GET", path("bad", "demo", requests))).status).toBe(404);
    expect((await w.api("GET", path("bad", "demo"))).status).toBe(404);
    expect(await changes("reject")).toContain("promptrequests/bad");
  });

  test("the command line shows the text, asks, and does nothing on no", async () => {
    await ask("shown", undefined, { content: "Line one\n\u001b[2Jprompt/evil approved", reason: "it helps" });
    const no = await w.cli(["approve", "promptrequest", "shown", "-p", "demo"], { answers: ["n"] });
    expect([no.code, no.out]).toEqual([
      0,
      "prompt shown for demo, priority 7, proposed by User:admin@localhost: it helps\n  | Line one\n  | \ufffd[2Jprompt/evil approved",
    ]);
    expect(await ok("describe", "promptrequest", "shown")).toEndWith("or mcpctl reject promptrequest shown -p demo");
    const yes = await w.cli(["approve", "pr/shown", "-p", "demo"], { answers: ["y"] });
    expect([yes.code, yes.out.split("\n").at(-1)]).toEqual([0, "promptrequest/shown approved"]);
    await ask("shown");
    expect((await w.cli(["approve", "promptrequest", "shown", "--yes"])).code).toBe(7);
    expect(await ok("approve", "promptrequest", "shown", "--yes", "--replace")).toBe("promptrequest/shown approved");
    await ask("shown");
    expect(await ok("reject", "promptrequest", "shown", "--yes")).toBe("promptrequest/shown rejected");
    for (const [words, told] of [
      [["approve", "prompt", "shown"], "prompts are not approved"],
      [["approve", "promptrequest"], "which promptrequest?"],
      [["approve", "promptrequest", "x", "--all"], "--all is not about promptrequests"],
      [["approve", "toolchange", "x", "--replace"], "--replace is not about toolchanges"],
      [["create", "promptrequest", "x", "--content", "y"], "a promptrequest is of one project"],
    ] as const)
      expect((await w.cli(words)).err).toContain(told);
  });

  test("at most a hundred wait in a project", async () => {
    const documents = Array.from({ length: mostRequests }, (_, n) => ({
      kind: "promptrequest",
      ...request(`n${n}`, "third"),
    }));
    await w.must("POST", "/api/v1/apply", { documents });
    const more = await ask("more", undefined, { project: "third" });
    expect([more.status, more.json.hint]).toEqual([409, expect.stringContaining("get promptrequests -p third")]);
    expect((await ask("more")).status).toBe(201);
    await w.must("POST", path("n0/reject", "third", requests), {});
    expect((await ask("more", undefined, { project: "third" })).status).toBe(201);
  });
});

test("a deleted project takes its prompts and promptrequests along, and the log names each", async () => {
  const within = (name: string) => [
    { kind: "project", name, servers: [] },
    prompt("own", name, "x"),
    { kind: "promptrequest", name: "wish", project: name, content: "y" },
  ];
  await w.must("POST", "/api/v1/apply", { documents: [...within("house"), ...within("house-2")] });
  await w.must("DELETE", "/api/v1/projects/house");
  await w.must("POST", "/api/v1/projects", { name: "house", servers: [] });
  expect(await names("?project=house")).toEqual([]);
  expect((await w.must("GET", "/api/v1/promptrequests?project=house")).items).toEqual([]);
  // One whose name begins the same has lost nothing, nor has what is of no project.
  expect([await names("?project=house-2"), await contentOf("house")]).toEqual([["house-2/own"], "Of every project."]);
  const { items } = await w.must("GET", "/api/v1/audit/events?kind=change&project=house&limit=100");
  const deleted = items.filter(({ action }: { action: string }) => action === "delete");
  expect(deleted.map(({ resource }: { resource: string }) => resource).sort()).toEqual([
    "projects/house",
    "promptrequests/wish",
    "prompts/own",
  ]);
});
