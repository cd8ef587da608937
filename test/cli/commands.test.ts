import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kindNames } from "../../src/cli/kind-names.ts";
import { kinds } from "../../src/resources/index.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture(), description: "evil \u001b[2J name" });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["local"] });
  await w.until("it runs", w.isRunning("local"));
});
afterAll(() => w.close());

const ok = async (...words: string[]) => {
  const { code, out, err } = await w.cli(words);
  expect([words.join(" "), code, err]).toEqual([words.join(" "), 0, ""]);
  return out;
};

describe("get", () => {
  test("columns align, and a list without anything says so beside the output", async () => {
    const lines = (await ok("get", "servers")).split("\n");
    expect(lines[0]).toMatch(/^NAME +TRANSPORT +STATE +HEALTH +TOOLS +DESCRIPTION$/);
    expect(lines[1]).toMatch(/^local {3}stdio {7}RUNNING {3}(healthy| {7}) {3}6 {7}evil \ufffd\[2J name$/);
    const none = await w.cli(["get", "secrets"]);
    expect([none.code, none.out, none.err]).toEqual([0, "", "No secrets found."]);
  });

  test("one, several, by kind/name, as name, yaml and json", async () => {
    expect(await ok("get", "srv/local", "-o", "name")).toBe("servers/local");
    expect(JSON.parse(await ok("get", "projects", "-o", "json"))).toMatchObject({
      kind: "List",
      items: [{ kind: "project", name: "demo" }],
    });
    expect(JSON.parse(await ok("get", "project", "demo", "-o", "json"))).toMatchObject({
      kind: "project",
      name: "demo",
      servers: ["local"],
    });
    expect(await ok("get", "project", "demo", "-o", "yaml")).toStartWith("kind: project\n");
    expect((await w.cli(["get", "project", "demo", "nope"])).code).toBe(6);
    expect(await ok("get", "servers/local", "projects/demo", "-o", "name")).toBe("servers/local\nprojects/demo");
    expect((await w.cli(["get", "servers,projects", "local"])).err).toContain("names are of one kind");
  });

  test("on a terminal times are told in words, elsewhere as instants", async () => {
    await w.must("POST", "/api/v1/mcptokens", { name: "timed", project: "demo", ttl: "30d" });
    expect((await w.cli(["token", "list"], { terminal: true })).out).toMatch(/\d+s ago +never +in 30d +active/);
    expect((await w.cli(["token", "list"])).out).toMatch(/\d{4}-\d\d-\d\dT\S+Z +never +\d{4}/);
  });
});

describe("create", () => {
  test("every sort of field from flags", async () => {
    await ok("create", "secret", "vault", "--data", "key=a=b", "--data", "other=x");
    await ok(
      "create",
      "server",
      "own",
      "--env",
      "PLAIN=1=2",
      "--env",
      "HIDDEN=secret:vault/key",
      "--replicas",
      "0",
      "--",
      "node",
      "-e",
      "1",
    );
    expect((await w.api("GET", "/api/v1/servers/own")).json).toMatchObject({
      command: ["node", "-e", "1"],
      replicas: 0,
      env: [
        { name: "PLAIN", value: "1=2" },
        { name: "HIDDEN", valueFrom: { secretRef: { name: "vault", key: "key" } } },
      ],
    });
    await ok("create", "server", "far", "--url", "http://127.0.0.1:9/mcp", "--headers", "X-Key=secret:vault/other");
    expect((await w.api("GET", "/api/v1/servers/far")).json).toMatchObject({
      url: "http://127.0.0.1:9/mcp",
      transport: "http",
    });
    await ok("create", "project", "both", "--servers", "own,far");
    await ok("create", "user", "ann@example.com", "--display-name", "Ann");
    await ok(
      "create",
      "rbac",
      "anns",
      "--subjects",
      "User:ann@example.com",
      "--roleBindings",
      "role: view, resource: srv",
      "--role-bindings",
      "action:logs",
    );
    expect((await w.api("GET", "/api/v1/rbac/anns")).json.roleBindings).toEqual([
      { role: "view", resource: "servers" },
      { role: "run", action: "logs" },
    ]);
  });

  test("somebody without a password cannot log in, and a person is told", async () => {
    const { out, err } = await w.cli(["create", "user", "eve@example.com"], { answers: [] });
    expect([out, err]).toEqual(["user/eve@example.com created", expect.stringContaining("mcpctl edit user eve@")]);
  });

  test("a password comes from standard input and opens the door", async () => {
    expect(
      (await w.cli(["create", "user", "bob@example.com", "--password-stdin"], { stdin: "correct horse\n" })).code,
    ).toBe(0);
    const { status } = await w.api(
      "POST",
      "/api/v1/auth/login",
      { email: "bob@example.com", password: "correct horse" },
      "",
    );
    expect(status).toBe(200);
  });

  test("what is wrong is told before anything is sent", async () => {
    const said = async (...words: string[]) => {
      const { code, err } = await w.cli(["create", ...words]);
      return `${code} ${err}`;
    };
    expect(await said("gizmo", "x")).toContain('2 error: there is no kind "gizmo"');
    expect(await said("server")).toContain("2 error: the new server needs a name");
    expect(await said("server", "x")).toContain("give exactly one of command, packageName, image, url");
    expect(await said("server", "x", "--replicas", "two", "--", "y")).toContain("--replicas takes a whole number");
    expect(await said("server", "x", "--env", "novalue", "--", "y")).toContain("--env takes NAME=VALUE");
    const bounds = await said("server", "x", "--limits", "callSeconds=0,depth=1", "--replicas", "99", "--", "y");
    for (const flag of ["--limits callSeconds: ", "--limits depth: ", "--replicas: "]) expect(bounds).toContain(flag);
    expect(await said("project", "x", "--", "y")).toContain("only a server or a template has a command");
    expect(await said("rbac", "x", "--binding", "edit")).toContain("--binding is now --roleBindings");
    const wrong = ["--subjects", "a@b.c", "--roleBindings", "role:view,resource:servers", "--role-bindings"];
    expect(await said("rbac", "x", ...wrong, "role:view,")).toContain(
      "--roleBindings number 2 is not valid: nothing stands before or after a comma",
    );
    expect(await said("token", "x", "-p", "demo", "--bind", "")).toContain("--bind is not valid: it is empty");
    expect(await said("session", "x")).toContain("2 error: sessions are not created: a login, ended by deleting it");
    expect(await said("token", "x", "-p", "demo", "--ttl", "0d")).toMatch(
      /^2 error: the ttl is nothing at all: [^\n]*$/,
    );
    expect(await said("project", "demo")).toContain('7 error: project "demo" exists already');
  });
});

describe("tokens", () => {
  test("a banner for people, the bare token for scripts, JSON for machines", async () => {
    const banner = await ok("token", "create", "people", "-p", "demo");
    expect(banner).toMatch(
      /mcpctl_pat_\w{49}\n\nCopy it now: it is not shown again\.\nEndpoint: http:\S+\/projects\/demo\/mcp/,
    );
    expect(await ok("token", "create", "script", "-p", "demo", "-q")).toMatch(/^mcpctl_pat_\w{49}$/);
    expect(JSON.parse(await ok("create", "token", "machine", "-p", "demo", "-o", "json"))).toMatchObject({
      kind: "mcptoken",
      token: expect.stringMatching(/^mcpctl_pat_/),
    });
    expect(await ok("token", "revoke", "people", "-p", "demo")).toBe("mcptoken/people revoked");
    expect((await w.cli(["token", "revoke", "people"])).err).toContain('may have an mcptoken "people": which project');
  });

  test("the public digits name a token as well as its id does, without a project", async () => {
    const { id, sha } = JSON.parse(await ok("create", "mcptoken", "digits", "-p", "demo", "-o", "json"));
    for (const ref of [id, sha]) expect(JSON.parse(await ok("get", "mcptoken", ref, "-o", "json")).name).toBe("digits");
    expect(await ok("token", "revoke", sha)).toBe(`mcptoken/${sha} revoked`);
    expect(JSON.parse(await ok("get", "mcptoken", id, "-o", "json")).state).toBe("revoked");
  });

  test("a second token of a name is told what to do about the first", async () => {
    await ok("token", "create", "twice", "-p", "demo");
    const second = await w.cli(["token", "create", "twice", "-p", "demo"]);
    expect([second.code, second.err]).toEqual([
      7,
      'error: mcptoken "twice" exists already\nhint: mcpctl token rotate twice -p PROJECT replaces it; --force ends it and makes another',
    ]);
  });
});

describe("delete", () => {
  test("asks on a terminal and takes no for an answer; --yes and scripts are not asked", async () => {
    await w.must("POST", "/api/v1/projects", { name: "gone", servers: [] });
    expect((await w.cli(["delete", "project", "gone"], { answers: ["n"] })).out).toBe("");
    expect((await w.api("GET", "/api/v1/projects/gone")).status).toBe(200);
    expect((await w.cli(["delete", "project", "gone"], { answers: ["y"] })).out).toBe("project/gone deleted");
    expect((await w.cli(["delete", "project", "gone", "--yes"])).code).toBe(6);
  });

  test("a manifest is taken down in the order that its references allow; an instance is replaced", async () => {
    const manifest = {
      servers: [{ name: "brief", command: fixture() }],
      projects: [{ name: "brief", servers: ["brief"] }],
    };
    const input = { stdin: JSON.stringify(manifest) };
    expect((await w.cli(["apply", "-f", "-"], input)).out).toBe("server/brief created\nproject/brief created");
    expect((await w.cli(["delete", "-f", "-"], input)).out).toBe("project/brief deleted\nserver/brief deleted");
    const before = (await w.api("GET", "/api/v1/instances/local-1")).json.pid;
    await ok("delete", "instance", "local-1");
    await w.until("another runs", async () => {
      const { state, pid } = (await w.api("GET", "/api/v1/instances/local-1")).json ?? {};
      return state === "RUNNING" && pid !== before;
    });
  });
});

describe("apply", () => {
  test("files, folders and standard input; a dry run says what it would do", async () => {
    const folder = join(w.home, "manifests");
    mkdirSync(folder);
    writeFileSync(join(folder, "b.yaml"), "kind: project\nname: from-b\nservers: [from-a]\n");
    writeFileSync(
      join(folder, "a.json"),
      JSON.stringify({ kind: "server", name: "from-a", command: ["true"], replicas: 0 }),
    );
    writeFileSync(join(folder, "notes.txt"), "not a manifest");
    expect(await ok("apply", "-f", folder, "--dry-run")).toBe(
      "server/from-a created (dry run)\nproject/from-b created (dry run)",
    );
    expect(await ok("apply", "-f", folder)).toBe("server/from-a created\nproject/from-b created");
    expect(await ok("apply", "-f", join(folder, "b.yaml"), "-f", join(folder, "a.json"))).toBe(
      "server/from-a unchanged\nproject/from-b unchanged",
    );
    expect((await w.cli(["apply"])).err).toContain("give the manifests with -f FILE");
  });

  test("a token that was printed after its end is not made again; a login or an instance is made by no manifest", async () => {
    await ok("token", "create", "over", "-p", "demo");
    await ok("token", "revoke", "over", "-p", "demo");
    const stdin = await ok("get", "mcptoken", "over", "-p", "demo", "-o", "yaml");
    expect((await w.cli(["apply", "-f", "-"], { stdin })).out).toBe("mcptoken/over has ended, skipped");
    const { items } = (await w.api("GET", "/api/v1/mcptokens?project=demo")).json;
    const documents = items.map((item: object) => ({ kind: "mcptoken", ...item }));
    await w.must("POST", "/api/v1/apply", { documents });
    expect((await w.api("GET", "/api/v1/mcptokens?project=demo")).json.items).toHaveLength(items.length);
    for (const kind of ["session", "instance"]) {
      const made = await w.cli(["apply", "-f", "-"], { stdin: `{kind: ${kind}, name: mine}` });
      expect([made.code, made.err]).toEqual([2, expect.stringContaining(`${kind}s cannot be created`)]);
    }
  });
});

describe("logins and contexts", () => {
  const file = (name: string) => join(w.home, ".mcpctl", name);

  test("login asks for what is missing, keeps it for its owner alone, and says where one is", async () => {
    await w.must("POST", "/api/v1/users", { name: "carol@example.com", password: "correct horse" });
    const login = await w.cli(["login", "http://127.0.0.1:3200"], { answers: ["carol@example.com", "correct horse"] });
    expect([login.code, login.out]).toEqual([0, expect.stringContaining("as carol@example.com until")]);
    expect(statSync(file("credentials")).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file("credentials"), "utf8"))["http://127.0.0.1:3200"].user).toBe(
      "carol@example.com",
    );
    const view = await w.cli(["config", "view"]);
    expect(view.out).toMatch(/\* +local +http:\/\/127\.0\.0\.1:3200/);
    expect(view.out).not.toContain("mcpctl_ses_");
  });

  test("wrong passwords, and nobody to ask", async () => {
    expect((await w.cli(["login", "--email", "carol@example.com", "--password-stdin"], { stdin: "wrong" })).code).toBe(
      4,
    );
    expect((await w.cli(["login"])).err).toContain("there is no terminal to ask on");
    expect((await w.cli(["login", "ftp://x"])).code).toBe(2);
  });

  test("flag before variable before context; a saved login goes nowhere but to where it was made", async () => {
    const { targetOf } = await import("../../src/client/target.ts");
    const home = join(w.home, ".mcpctl");
    const target = (choice: object, variables: object) => targetOf(choice, variables as Record<string, string>, home);
    expect(
      target({ url: "http://flag:1", token: "t" }, { MCPCTL_URL: "http://variable:1", MCPCTL_TOKEN: "v" }),
    ).toMatchObject({ url: "http://flag:1", token: "t" });
    expect(target({}, { MCPCTL_URL: "http://variable:1/x", MCPCTL_TOKEN: "v" })).toMatchObject({
      url: "http://variable:1",
      token: "v",
    });
    expect(target({ url: "http://evil:3200" }, {}).token).toBeUndefined();
    expect(target({}, {}).token).toStartWith("mcpctl_ses_");
    expect(() => target({ context: "lcoal" }, {})).toThrow('there is no context "lcoal". Did you mean "local"?');
  });

  test("logout ends the session here and there", async () => {
    const login = await w.cli(["login", "--email", "carol@example.com", "--password-stdin"], {
      stdin: "correct horse",
    });
    expect(login.code).toBe(0);
    const { token } = JSON.parse(readFileSync(file("credentials"), "utf8"))["http://127.0.0.1:3200"];
    const { code } = await w.cli(["logout"], { variables: { MCPCTL_TOKEN: token } });
    expect(code).toBe(0);
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, token)).status).toBe(401);
    expect(JSON.parse(readFileSync(file("credentials"), "utf8"))).toEqual({});
  });
});

test("describe tells what is asked for and what is observed", async () => {
  const server = await ok("describe", "server", "local");
  for (const words of [
    "Name:       local",
    "Kind:       server",
    "Status:",
    "state: RUNNING",
    "Instances:",
    "Breaker:    closed",
  ])
    expect(server).toContain(words);
  expect(await ok("describe", "project", "demo")).toContain("/projects/demo/mcp");
  expect((await w.cli(["describe", "server"])).err).toContain("which server?");
});

test("status and whoami, for people and machines", async () => {
  expect(await ok("status")).toMatch(/^mcpctl \d\S+ at http:\/\/127\.0\.0\.1:3200, up \d+s/);
  expect(
    JSON.parse(await ok("status", "-o", "json")).servers.find((s: { name: string }) => s.name === "local"),
  ).toMatchObject({ state: "RUNNING", tools: 6 });
  expect(await ok("status", "--health")).toBe("");
  expect(await ok("whoami", "-q")).toBe("User:admin@localhost");
});

test("an unreachable server, a foreign answer and a refused login have their own codes", async () => {
  const at = (url: string) => w.cli(["get", "servers", "--url", url]);
  expect((await w.cli(["whoami", "--token", "mcpctl_ses_nonsense"])).code).toBe(4);
  expect((await at("not a url")).code).toBe(2);
});

test("help is there for every verb, and names each flag", async () => {
  const { verbs } = await import("../../src/cli/verbs.ts");
  const overview = await ok("--help");
  for (const [name, verb] of Object.entries(verbs)) {
    for (const word of name.split(" ")) expect(overview).toContain(word);
    const help = await ok(...name.split(" "), "--help");
    expect(help).toContain(`Usage: mcpctl ${name}`);
    for (const flag of Object.keys(verb.flags ?? {})) expect(help).toContain(`--${flag}`);
    expect(help).toContain("Examples:\n  ");
  }
  expect(await ok("help", "get")).toContain("Usage: mcpctl get");
});

test("the first words of several verbs have help of their own, which is no success where it was not asked for", async () => {
  const help = await ok("token", "--help");
  expect(help).toContain("Usage: mcpctl token VERB\n\nVerbs:\n  create ");
  expect(await ok("help", "-p", "demo", "token")).toBe(help);
  expect(await w.cli(["token"])).toEqual({ code: 2, out: "", err: help });
  expect(await ok("config", "view", "--help")).toContain("Usage: mcpctl config view");
  const narrow = await w.cli(["--help"], { terminal: true, screen: { columns: 40, rows: 24 } });
  expect(narrow.out.split("\n").filter((line) => line.length > 40)).toEqual([]);
});

test("help names every kind", () => {
  expect<string[]>(kindNames.toSorted()).toEqual(kinds.map(({ kind }) => kind).toSorted());
});

test("what another program is given after -- is not ours to answer", async () => {
  const { code, err } = await w.cli(["create", "server", "--", "node", "--help"]);
  expect([code, err]).toEqual([2, expect.stringContaining("needs a name")]);
});

test("yes and no are coloured on a terminal, and nothing that the server says steers it", async () => {
  const { sentence } = await import("../../src/cli/commands/auth-can-i.ts");
  const hostile = { subject: "User:\u001b[2J", right: "", layers: [], missing: "role:view,resource:servers" };
  const env = { isTerminal: true, variables: {} } as Parameters<typeof sentence>[1];
  expect(sentence({ ...hostile, allowed: false }, env)).toMatch(
    /no\S*: User:\ufffd\[2J lacks role:view,resource:servers$/,
  );
  expect(sentence({ ...hostile, allowed: false }, env)).not.toMatch(/^\ufffd/);
  expect((await w.cli(["auth", "can-i", "view", "servers"], { terminal: true })).out).not.toContain("\ufffd");
});

test("create KIND --help is about that kind alone, and a kind that nobody creates says who does", async () => {
  const help = await ok("create", "rbac", "--help");
  expect(help).toContain("Create an rbac: a definition of rights");
  expect(help).toContain("Usage: mcpctl create rbac NAME\n");
  expect(help).toContain("--roleBindings RIGHT");
  for (const other of ["--binding", "--password-stdin", "mcpctl create server"]) expect(help).not.toContain(other);
  expect(await ok("-p", "demo", "create", "user", "--help")).toContain("--password-stdin");
  expect(await ok("create", "-p", "demo", "token", "--help")).toContain("--rbac empty|clone");
  for (const kind of kinds.filter(({ verbs }) => verbs.includes("create")))
    expect(await ok("create", kind.kind, "--help")).toContain(`Examples:\n  mcpctl create ${kind.kind} `);
  const session = await w.cli(["create", "session", "--help"]);
  expect([session.code, session.err]).toEqual([2, expect.stringContaining("made by `mcpctl login`")]);
});
