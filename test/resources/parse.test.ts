import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Problem } from "../../src/lib/problem.ts";
import { parseBinding } from "../../src/resources/binding.ts";
import { kinds } from "../../src/resources/index.ts";
import { manifestsIn } from "../../src/resources/parse.ts";
import { type Binding, roles, showBinding } from "../../src/resources/rbac.ts";

const refusal = (document: unknown): string => {
  try {
    manifestsIn(document, "x.yaml, document 1");
    return "accepted";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [error.message, ...(error.fields ?? []).map(({ path, message }) => `${path} ${message}`)].join(" | ");
  }
};

test.each(kinds.filter(({ verbs }) => verbs.includes("create")).map((kind) => [kind.kind, kind] as const))(
  "the example of %s is valid",
  (_, kind) => {
    expect(manifestsIn(kind.example, "example")[0]?.kind).toBe(kind);
  },
);

test("files of the original: grouped lists, several documents' words, old transports", () => {
  const found = manifestsIn(
    {
      servers: [{ name: "a", url: "http://h/mcp", transport: "STREAMABLE_HTTP" }],
      projects: [{ name: "p", servers: ["a"] }],
    },
    "x",
  );
  expect(found.map(({ kind, name }) => `${kind.kind}/${name}`)).toEqual(["server/a", "project/p"]);
  expect(found[0]?.fields["transport"]).toBe("http");
});

describe("what is wrong is said with its place, and what was written is not repeated", () => {
  const rows: [string, unknown, string][] = [
    ["unknown kind", { kind: "sever", name: "a" }, 'there is no kind "sever". Did you mean "server"?'],
    ["no kind", { name: "a" }, '"kind" is missing'],
    ["no mapping", "text", "a mapping of fields is expected"],
    [
      "unknown field",
      { kind: "project", name: "p", sevrers: [] },
      '/sevrers there is no such field; did you mean "servers"?',
    ],
    [
      "nested unknown field",
      { kind: "server", name: "a", command: ["x"], env: [{ name: "A", valueForm: 1 }] },
      "/env/0/valueForm there is no such field",
    ],
    ["wrong type", { kind: "server", name: "a", command: "SECRET" }, "/command must be a list"],
    ["bad name", { kind: "server", name: "Big Name", command: ["x"] }, "/name is not in the right form"],
    [
      "a package with a shell character",
      { kind: "server", name: "a", packageName: "left-pad; rm -rf /" },
      "/packageName is not in the right form: Package to run, from npm or (`runtime: python`) by uvx, with a version to pin it: `name@1.2.3`",
    ],
    [
      "a range that uvx does not know",
      { kind: "server", name: "a", packageName: "mcp-server-fetch@^1", runtime: "python" },
      "/packageName a python package is written name, name@1.2.3 or name@latest",
    ],
    ["nothing to run", { kind: "server", name: "a" }, "give exactly one of command, packageName, image, url"],
    [
      "an image with a command",
      { kind: "server", name: "a", command: ["x"], image: "y" },
      "not command and image; what an image's program is given stands in args",
    ],
    [
      "no program",
      { kind: "server", name: "a", command: ["", "x"] },
      "/command/0 is the program, and must not be empty",
    ],
    [
      "what no process can be given",
      { kind: "server", name: "a", packageName: "x", args: ["y", "SEC\0RET"] },
      "/args/1 holds the character NUL, which no process can be given",
    ],
    [
      "what no variable can hold",
      { kind: "server", name: "a", command: ["x"], env: [{ name: "A", value: "SEC\0RET" }] },
      "/env/0/value holds the character NUL",
    ],
    [
      "what no header can carry",
      { kind: "server", name: "a", url: "http://h/", headers: [{ name: "A", value: "SEC\nRET" }] },
      "/headers/0/value holds a line break, or another character that no header can carry",
    ],
    ["two things to run", { kind: "server", name: "a", command: ["x"], url: "http://h/" }, "not command and url"],
    [
      "args without a package",
      { kind: "server", name: "a", command: ["x"], args: ["y"] },
      "/args goes only with packageName",
    ],
    [
      "value and reference",
      { kind: "server", name: "a", command: ["x"], env: [{ name: "A" }] },
      "/env/0 give either value or valueFrom",
    ],
    ["credentials in a url", { kind: "server", name: "a", url: "http://u:SECRET@h/" }, "/url is not in the right form"],
    [
      "credentials that a url cannot hold",
      { kind: "server", name: "a", url: "http://u:SEC/RET@h/" },
      "/url is not an address",
    ],
    [
      "wrong choice",
      { kind: "server", name: "a", command: ["x"], transport: "SECRET" },
      "/transport must be one of stdio, http, sse",
    ],
    [
      "too many copies",
      { kind: "server", name: "a", command: ["x"], replicas: 17 },
      "/replicas must be a whole number from 0 to 16",
    ],
    [
      "copies of what is not ours",
      { kind: "server", name: "a", url: "http://h/", replicas: 2 },
      "/replicas a server reached by url",
    ],
    [
      "a word for a number",
      { kind: "server", name: "a", command: ["x"], cpus: "SECRET" },
      "/cpus must be a number from 0.05 to 1024",
    ],
    ["no text", { kind: "server", name: "a", command: ["x"], cwd: "" }, "/cwd must not be empty"],
    ["no command", { kind: "server", name: "a", command: [] }, "/command must not be empty"],
    [
      "too long",
      { kind: "server", name: "a", command: ["x"], cwd: "x".repeat(5000) },
      "/cwd must have at most 4096 characters",
    ],
    [
      "no mapping within",
      { kind: "server", name: "a", command: ["x"], healthCheck: "SECRET" },
      "/healthCheck must be a mapping of fields",
    ],
    [
      "a bound",
      { kind: "server", name: "a", command: ["x"], limits: { queue: -1 } },
      "/limits/queue must be a whole number from 0 to 10000",
    ],
    [
      "a secret in plain sight",
      {
        kind: "server",
        name: "a",
        url: "https://h/",
        oauth: { tokenUrl: "https://h/", clientId: "a", clientSecret: "SECRET" },
      },
      "/oauth/clientSecret must be a mapping of fields",
    ],
    [
      "a volume",
      { kind: "server", name: "a", image: "i", volumes: ["SECRET"] },
      "/volumes/0 is not in the right form: SOURCE:/TARGET",
    ],
    [
      "action with a resource",
      { kind: "rbac", name: "r", subjects: [], roleBindings: [{ role: "run", action: "logs", resource: "servers" }] },
      "an action has no resource",
    ],
    [
      "unknown action",
      { kind: "rbac", name: "r", subjects: [], roleBindings: [{ role: "run", action: "fly" }] },
      "there is no such action",
    ],
    [
      "unknown resource",
      { kind: "rbac", name: "r", subjects: [], roleBindings: [{ role: "view", resource: "planes" }] },
      "there is no such kind",
    ],
  ];
  test.each(rows)("%s", (_, document, expected) => {
    const said = refusal(document);
    expect(said).toContain(expected);
    expect(said).toContain("x.yaml, document 1");
    expect(said).not.toContain("SECRET");
  });
});

test("kinds in bindings are understood in all their words and kept by plural", () => {
  const [manifest] = manifestsIn(
    { kind: "rbac", name: "r", subjects: [], roleBindings: [{ role: "view", resource: "srv" }] },
    "x",
  );
  expect(manifest?.fields["roleBindings"]).toEqual([{ role: "view", resource: "servers" }]);
});

test("a binding that is shown is read back as it was", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9/*-]{0,20}$/);
  const resource = fc.record({
    role: fc.constantFrom(...roles),
    resource: word,
    name: fc.option(word, { nil: undefined }),
  });
  const action = word.map((name): Binding => ({ role: "run", action: name }));
  fc.assert(
    fc.property(fc.oneof(resource, action), (binding) => {
      const { name, ...rest } = binding as { name?: string } & Binding;
      const clean = (name === undefined ? rest : { ...rest, name }) as Binding;
      expect(parseBinding(showBinding(clean))).toEqual(clean);
      expect(parseBinding(` ${showBinding(clean).replaceAll(",", " , ").replaceAll(":", " : ")} `)).toEqual(clean);
    }),
  );
});

test.each([
  "",
  "role:",
  "role:edit",
  "resource:servers",
  "role:fly,resource:x",
  "rol:edit,resource:x",
  "role:edit,role:view,resource:x",
  "action:logs,resource:x",
  "action:logs,name:x",
  "role:edit,action:logs",
  "edit",
])("the binding %p is refused", (text) => {
  expect(() => parseBinding(text)).toThrow("a binding is not valid");
  expect(() => parseBinding(text, "--bind number 2")).toThrow("--bind number 2 is not valid");
});
