import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Keyring } from "../../src/client/keyring.ts";
import { Problem } from "../../src/lib/problem.ts";
import { type World, world } from "../world.ts";

let w: World;
let token = "";
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/projects", { name: "demo" });
  token = (await w.tokensFor({ reader: "demo" })).reader;
  mkdirSync(file("."), { recursive: true });
  writeFileSync(file("none.pem"), "no certificate");
});
afterAll(() => w.close());
beforeEach(() => {
  for (const name of ["config.json", "credentials"]) rmSync(file(name), { force: true });
});

const file = (name: string) => join(w.home, ".mcpctl", name);
const read = (name: string) => JSON.parse(readFileSync(file(name), "utf8"));
type Input = Parameters<World["cli"]>[1];
const cli = (words: string[], input: Input = {}) => w.cli(words, { asLeft: true, ...input });
async function ok(...words: string[]) {
  const { code, out, err } = await cli(words);
  expect([words.join(" "), code, err]).toEqual([words.join(" "), 0, ""]);
  return out;
}

describe("login", () => {
  test("by a token that the server knows: a login's, or a project's, whose project is meant from then on", async () => {
    expect(await ok("login", w.url, "--token", w.admin)).toContain('as admin@localhost (context "local")');
    const { code, out } = await cli(["login", w.url, "--with-token", "--name", "reading"], { stdin: `${token}\n` });
    expect([code, out]).toEqual([0, expect.stringMatching(/as McpToken:[0-9a-f]{16} \(context "reading"\)/)]);
    expect(read("config.json").contexts.reading).toEqual({ url: w.url, project: "demo" });
    expect(read("credentials")[w.url].token).toBe(token);
    expect((await cli(["logout"])).err).toContain("a token is not ended by this");
    expect(read("credentials")).toEqual({});
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, token)).status).toBe(200);
  });

  const pat = "mcpctl_pat_0000000000000000000000000000000000000000000000000";
  test.each<[string, string[], Input, number, string]>([
    ["no token of ours", ["--token", "ghp_secret"], {}, 2, "that is no token of mcpctl"],
    ["one that nobody made", ["--with-token"], { stdin: pat }, 4, "The token is"],
    ["two tokens", ["--with-token", "--token", "x"], {}, 2, "--with-token reads the token from standard input"],
    ["a token and a name", ["--token", pat, "--email", "a@b.c"], {}, 2, "a token says already who it is"],
    ["a name that no shell likes", ["--name", "a b"], {}, 2, "a context is named with letters"],
    ["an authority that is none", ["--ca", "none.pem"], {}, 2, "none.pem holds no certificate"],
    ["no terminal", [], {}, 2, "there is no terminal to ask on"],
    ["a wrong password", ["--email", "a@b.c", "--password-stdin"], { stdin: "x" }, 4, "is wrong"],
  ])("%s: nothing is kept", async (_, words, input, code, message) => {
    const whole = words.map((word) => (word.endsWith(".pem") ? file(word) : word));
    const at = words.includes("--ca") ? "https://127.0.0.1:9" : w.url;
    const said = await cli(["login", at, ...whole], input);
    expect([said.code, said.err]).toEqual([code, expect.stringContaining(message)]);
    expect(said.err).not.toContain("ghp_secret");
    for (const name of ["config.json", "credentials"]) expect(() => read(name)).toThrow("ENOENT");
  });

  test("a name that is another instance's is not taken from it", async () => {
    await ok("context", "set", "local", "--url", "http://nas.local:3200");
    const { code, err } = await cli(["login", w.url, "--token", w.admin, "--name", "local"]);
    expect([code, err]).toEqual([7, expect.stringContaining('the context "local" is for http://nas.local:3200')]);
    expect(await ok("login", w.url, "--token", w.admin, "--quiet")).toBe("");
    expect(Object.keys(read("config.json").contexts)).toEqual(["local", "127.0.0.1-3200"]);
  });

  test("that MCPCTL_TOKEN stands before it is said", async () => {
    const { err } = await cli(["login", w.url, "--token", w.admin], { variables: { MCPCTL_TOKEN: "x" } });
    expect(err).toBe("warning: MCPCTL_TOKEN is set, and is used before this login");
  });
});

describe("contexts", () => {
  beforeEach(async () => {
    await ok("login", w.url, "--token", w.admin, "--name", "work", "-q");
  });

  test("list, use, rename, delete; what is current is said, and where each login lies", async () => {
    expect(await ok("context", "current", "-q")).toBe("work");
    expect(await ok("context", "list")).toMatch(/^\* +work +http:\/\/127.0.0.1:3200 +admin@localhost +file$/m);
    expect(await ok("context", "rename", "work", "nas")).toContain('is called "nas"');
    expect(await ok("context", "use", "local")).toContain("Now talking to http://127.0.0.1:3200");
    expect(JSON.parse(await ok("context", "list", "-o", "json"))).toMatchObject([
      { name: "local", current: true, user: "admin@localhost", loginIn: "file" },
      { name: "nas", current: false },
    ]);
    // Another context is for the same instance: its login stays.
    expect(await ok("context", "delete", "nas")).toBe('Deleted the context "nas"');
    expect(await ok("whoami", "-q")).toBe("User:admin@localhost");
  });

  test("the current one is deleted only where somebody said yes, and its login with it", async () => {
    await ok("context", "set", "local", "--url", "http://nas.local:3200");
    expect((await cli(["context", "delete", "work"])).code).toBe(7);
    expect((await cli(["context", "delete", "work"], { answers: ["n"] })).out).toBe("");
    expect(await ok("context", "current", "-q")).toBe("work");
    expect(await ok("context", "delete", "work", "--yes")).toContain("Now talking to http://nas.local:3200");
    expect(read("credentials")).toEqual({});
  });

  test.each<[string[], number, string]>([
    [["context", "use", "wrok"], 2, 'there is no context "wrok". Did you mean "work"?'],
    [["context", "use", "__proto__"], 2, "there is no context"],
    [["context", "rename", "work", "local"], 7, 'there is a context "local" already'],
    [["context", "rename", "work", "a/b"], 2, "a context is named with"],
    [["context", "rename", "local", "x"], 7, 'the context "local" is always there'],
    [["context", "delete", "local"], 7, "is always there"],
    [["context", "set"], 2, "nothing to set"],
    [["context", "set", "-p", "Not A Name"], 2, "-p takes the name of a project"],
    [["context", "set", "--ca", "/nonexistent.pem"], 2, "/nonexistent.pem cannot be read"],
    [["context", "set", "--url", "ftp://x"], 2, "not one of http or https"],
    [["context", "set", "--verify", "--insecure-skip-verify"], 2, "exclude each other"],
    [["config", "get", "credentialStor"], 2, 'there is no setting "credentialStor". Did you mean "credentialStore"?'],
    [["config", "set", "colour", "green"], 2, "colour takes auto, never"],
    [["get", "servers", "--context", "wrok"], 2, 'Did you mean "work"?'],
  ])("%j changes nothing", async (words, code, message) => {
    const before = readFileSync(file("config.json"), "utf8");
    const said = await cli(words);
    expect([said.code, said.err]).toEqual([code, expect.stringContaining(message)]);
    expect(readFileSync(file("config.json"), "utf8")).toBe(before);
  });

  test("MCPCTL_CONTEXT stands before the current one, MCPCTL_URL before it, a flag before both", async () => {
    const at = async (words: string[], variables: Record<string, string>) =>
      (await cli(["context", "current", ...words], { variables })).out;
    expect(await at([], { MCPCTL_CONTEXT: "local" })).toStartWith("local: ");
    expect(await at(["--context", "work"], { MCPCTL_CONTEXT: "local" })).toStartWith("work: ");
    const seen = await cli(["whoami", "-v"], {
      variables: { MCPCTL_URL: "http://127.0.0.1:9", MCPCTL_CONTEXT: "work" },
    });
    expect(seen.code).toBe(4);
  });

  test("its project stands in where one must be said, and narrows no list", async () => {
    await ok("context", "set", "-p", "demo");
    expect(JSON.parse(await ok("create", "mcptoken", "mine", "-o", "json")).project).toBe("demo");
    const described = await cli(["describe", "mcptoken", "mine", "-v"]);
    expect(described.out).toContain("mine");
    expect(described.err).toContain(`project demo: that of the context for ${w.url}`);
    await w.must("POST", "/api/v1/prompts", { name: "everywhere", content: "x" });
    expect(await ok("get", "prompts", "-o", "name")).toContain("prompts/everywhere");
    await ok("context", "set", "-p", "");
    expect((await cli(["describe", "mcptoken", "mine"])).err).toContain("which project is meant?");
  });

  test("a file that makes no sense is told of and left alone", async () => {
    for (const text of ["{", "[]", '{"contexts": 1}', '{"contexts": {"x": {}}}']) {
      writeFileSync(file("config.json"), text);
      const said = await cli(["context", "use", "local"]);
      expect([said.code, said.err]).toEqual([2, expect.stringContaining("config.json")]);
      expect(readFileSync(file("config.json"), "utf8")).toBe(text);
      expect((await cli(["--help"])).code).toBe(0);
    }
  });
});

test("settings: set, shown, let go; colours are one of them", async () => {
  expect(await ok("config", "get", "credential-store")).toBe("auto");
  expect(await ok("config", "set", "credentialStore", "file")).toBe("credentialStore: file");
  expect(await ok("config", "view")).toMatch(/^credentialStore +file +Where login keeps/m);
  expect(JSON.parse(await ok("config", "view", "-o", "json")).settings).toEqual({
    credentialStore: "file",
    colour: "auto",
  });
  expect(await ok("config", "unset", "credentialStore")).toBe("credentialStore: auto");
  expect(await ok("config", "path")).toBe(file("config.json"));
});

describe("a keyring", () => {
  const kept = new Map<string, string>();
  const working: Keyring = {
    get: async (origin) => kept.get(origin),
    set: async (origin, value) => void kept.set(origin, value),
    remove: async (origin) => void kept.delete(origin),
  };
  const silence = async () => {
    throw new Problem("unavailable", "the system's keyring does not answer");
  };
  const silent: Keyring = { get: silence, set: silence, remove: silence };
  const login = (keyring: Keyring | undefined) =>
    cli(["login", w.url, "--token", w.admin], keyring === undefined ? {} : { keyring });

  test("keeps logins where there is one, and is asked for those and no others", async () => {
    expect((await login(working)).out).toContain("kept in the system's keyring");
    expect(readFileSync(file("credentials"), "utf8")).not.toContain("mcpctl_ses_");
    expect((await cli(["whoami", "-q"], { keyring: working })).out).toBe("User:admin@localhost");
    expect((await cli(["context", "list"], { keyring: working })).out).toMatch(/admin@localhost +keyring$/m);
    expect((await cli(["whoami", "--token", token], { keyring: silent })).code).toBe(0);
    const locked = await cli(["whoami"], { keyring: silent });
    expect([locked.code, locked.err]).toEqual([8, expect.stringContaining("lies in a keyring")]);
    expect((await cli(["whoami"])).err).toContain("no keyring can be reached from here");
  });

  test("that does not answer loses no login; where it must be one, nothing is asked of the server", async () => {
    const said = await login(silent);
    expect([said.code, said.err]).toEqual([0, expect.stringContaining("does not answer: the login lies in")]);
    expect(read("credentials")[w.url].token).toBe(w.admin);
    await ok("config", "set", "credentialStore", "keyring");
    expect((await login(silent)).code).toBe(8);
    expect((await login(undefined)).code).toBe(8);
    expect(read("credentials")[w.url].token).toBe(w.admin);
    await ok("config", "set", "credentialStore", "file");
    expect((await login(working)).out).not.toContain("keyring");
    const fiel = await cli(["login", w.url, "--token", w.admin], { variables: { MCPCTL_CREDENTIAL_STORE: "fiel" } });
    expect([fiel.code, fiel.err]).toEqual([2, expect.stringContaining("credentialStore takes auto, keyring, file")]);
  });

  test("and the file are both rid of a login that has ended", async () => {
    const own = await w.loginAs("admin@localhost");
    await cli(["login", w.url, "--token", own], { keyring: working });
    expect(kept.get(w.url)).toBe(own);
    expect((await cli(["logout"], { keyring: working })).err).toBe("");
    expect([kept.size, read("credentials")]).toEqual([0, {}]);
    expect((await w.api("GET", "/api/v1/auth/whoami", undefined, own)).status).toBe(401);
  });
});
