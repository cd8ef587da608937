import { describe, expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import { parseManifest } from "../../src/resources/parse.ts";
import { Server } from "../../src/resources/server.ts";
import { needsOf, Template, type TemplateFields } from "../../src/resources/template.ts";
import { type Answers, fromTemplate } from "../../src/resources/templates/fill.ts";
import { isRegistry, templatesIn } from "../../src/resources/templates/registry.ts";
import { searchTemplates } from "../../src/resources/templates/search.ts";
import { shippedTemplates } from "../../src/resources/templates/shipped.ts";

type Named = TemplateFields & { name: string };
const shipped = shippedTemplates as unknown as Named[];
const none: Answers = { arguments: new Map() };
const fieldsOf = (problem: unknown) => (problem as Problem).fields ?? [];
const refusal = (work: () => unknown): Problem => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error("it was not refused");
};

describe("the templates of mcpctl", () => {
  test("each is a manifest as it stands, with a name of its own, a description and tags", () => {
    expect(shipped.length).toBeGreaterThanOrEqual(25);
    expect(new Set(shipped.map(({ name }) => name)).size).toBe(shipped.length);
    for (const template of shipped) {
      const { fields } = parseManifest(Template, template);
      // What checking fills in or changes would make `get -o yaml | apply -f -` a change.
      for (const [field, value] of Object.entries(fields))
        expect([template.name, value]).toEqual([template.name, template[field as keyof Named]]);
      expect([template.name, typeof template.description, (template.tags ?? []).length > 0]).toEqual([
        template.name,
        "string",
        true,
      ]);
    }
  });

  test("packages of npm are pinned to one version; nothing else claims one that was not looked up", () => {
    for (const { name, packageName, runtime, image } of shipped) {
      if (packageName !== undefined)
        expect([name, /.@\d+\.\d+\.\d+$/.test(packageName)]).toEqual([name, runtime !== "python"]);
      expect([name, /:[^/]+$/.test(image ?? "")]).toEqual([name, false]);
      // Which registry an image comes from is for whoever runs it to say.
      expect([name, /^[^/]*[.:]/.test(image ?? "")]).toEqual([name, false]);
    }
  });

  test("given what it asks for, each makes a server that passes; without, each says all that is missing", () => {
    for (const template of shipped) {
      const { arguments: args = [], env = [], headers = [] } = template;
      const filled = fromTemplate(template, {
        arguments: new Map(args.map(({ name }) => [name, [name === "url" ? "postgresql://h/d" : "/srv/x"]])),
        secret: { name: "s", keys: [...env, ...headers].map(({ name }) => name) },
      });
      expect(() => parseManifest(Server, { ...filled.fields, name: "x" })).not.toThrow();
      const needs = needsOf(template);
      if (needs.length > 0)
        expect([template.name, fieldsOf(refusal(() => fromTemplate(template, none))).length]).toEqual([
          template.name,
          needs.length,
        ]);
    }
  });
});

describe("a server of a template", () => {
  const template: Named = {
    name: "t",
    packageName: "p@1.0.0",
    args: ["--root={root}", "{folder}", "--port={port}", '{"a":1}'],
    arguments: [{ name: "root", required: true }, { name: "folder", repeated: true }, { name: "port" }],
    env: [
      { name: "TOKEN", required: true, secret: true },
      { name: "MODE", required: true, default: "stdio" },
      { name: "EXTRA", secret: true },
    ],
  };

  test("arguments stand where their braces do, once for each value, and are not looked through again", () => {
    const { fields } = fromTemplate(template, {
      arguments: new Map([
        ["root", ["{folder}"]],
        ["folder", ["/a", "/b"]],
      ]),
      env: [{ name: "TOKEN", value: "x" }],
    });
    expect(fields["args"]).toEqual(["--root={folder}", "/a", "/b", '{"a":1}']);
  });

  test("variables come from what is given, then from the secret, then from what is usual", () => {
    const { fields, notes } = fromTemplate(template, {
      arguments: new Map([["root", ["https://me:hunter2@x.example.com"]]]),
      env: [
        { name: "TOKEN", value: "plain" },
        { name: "OWN", value: "1" },
      ],
      secret: { name: "s", keys: ["TOKEN", "EXTRA", "unasked"] },
    });
    expect(fields["env"]).toEqual([
      { name: "TOKEN", value: "plain" },
      { name: "MODE", value: "stdio" },
      { name: "EXTRA", valueFrom: { secretRef: { name: "s", key: "EXTRA" } } },
      { name: "OWN", value: "1" },
    ]);
    expect(notes).toEqual([
      "root looks as if it held a key, and stands in plain sight in this server",
      "TOKEN stands in plain sight in this server",
    ]);
  });

  test("all that is missing is named at once, and what there is not is refused", () => {
    const problem = refusal(() => fromTemplate(template, { ...none, secret: { name: "s", keys: ["token"] } }));
    expect(problem.message).toBe('template "t" needs more than was given; secret "s" has token');
    expect(fieldsOf(problem).map(({ path }) => path)).toEqual(["--arg root=…", "--env TOKEN=…"]);
    const strange = refusal(() => fromTemplate(template, { arguments: new Map([["foldr", ["/a"]]]) }));
    expect([strange.message, strange.hint]).toEqual([
      'template "t" has no argument "foldr"',
      "it has root, folder, port",
    ]);
  });

  test("braces without an argument, and arguments without braces, are refused when it is made", () => {
    const wrong = { ...template, args: ["{elsewhere}"] };
    expect(fieldsOf(refusal(() => parseManifest(Template, wrong))).map(({ message }) => message)).toEqual([
      "{elsewhere} is none of its arguments",
      "{root} stands nowhere",
      "{folder} stands nowhere",
      "{port} stands nowhere",
    ]);
  });

  test("files of the original keep working", () => {
    const { fields } = parseManifest(Template, {
      name: "old",
      version: "1.0.0",
      dockerImage: "mcp/x",
      transport: "STDIO",
      repositoryUrl: "https://example.com/x",
      env: [{ name: "T", description: "d", isSecret: true }],
    });
    expect(fields).toEqual({
      image: "mcp/x",
      transport: "stdio",
      links: { repository: "https://example.com/x" },
      env: [{ name: "T", description: "d", secret: true }],
    });
  });
});

describe("a file of the MCP registry", () => {
  const files = {
    name: "io.github.example/files",
    description: "Files",
    repository: { url: "https://github.com/example/files", source: "github" },
    packages: [
      {
        registryType: "oci",
        identifier: "registry.example/files",
        version: "1.0.2",
        runtimeArguments: [
          {
            type: "named",
            name: "--mount",
            value: "type=bind,src={from},dst={to}",
            variables: { to: { default: "/data" } },
          },
        ],
        packageArguments: [{ type: "positional", value: "/data" }],
        transport: { type: "stdio" },
      },
      {
        registryType: "npm",
        identifier: "@example/files",
        version: "1.0.2",
        packageArguments: [
          { type: "positional", valueHint: "target_dir", isRequired: true, isRepeated: true },
          { type: "named", name: "--level", choices: ["low", "high"] },
        ],
        environmentVariables: [{ name: "TOKEN", isRequired: true, isSecret: true, description: "Opens it" }],
        transport: { type: "stdio" },
      },
    ],
    remotes: [
      {
        type: "streamable-http",
        url: "https://{region}.example.com/mcp",
        variables: { region: { default: "eu" } },
        headers: [{ name: "Authorization", value: "Bearer {key}", isRequired: true, isSecret: true }],
      },
    ],
  };

  test("each way of having a server is a template, its package first; answers of the list and single files are read alike", () => {
    const wrapped = templatesIn({ servers: [{ server: files, _meta: {} }], metadata: { count: 1 } }, "f");
    expect(wrapped).toEqual(templatesIn(files, "f"));
    expect(wrapped.left).toEqual([]);
    expect(wrapped.templates).toEqual([
      {
        name: "io-github-example-files",
        description: "Files",
        links: { repository: "https://github.com/example/files" },
        packageName: "@example/files@1.0.2",
        args: ["{target_dir}", "--level={level}"],
        env: [{ name: "TOKEN", description: "Opens it", required: true, secret: true }],
        arguments: [
          { name: "target_dir", required: true, repeated: true },
          { name: "level", description: "one of low, high" },
        ],
      },
      {
        name: "io-github-example-files-image",
        description: "Files",
        links: { repository: "https://github.com/example/files" },
        image: "registry.example/files:1.0.2",
        args: ["/data"],
        volumes: ["{from}:{to}"],
        arguments: [
          { name: "from", required: true },
          { name: "to", required: true, default: "/data" },
        ],
      },
      {
        name: "io-github-example-files-remote",
        description: "Files",
        links: { repository: "https://github.com/example/files" },
        url: "https://{region}.example.com/mcp",
        headers: [{ name: "Authorization", description: "written as Bearer {key}", required: true, secret: true }],
        arguments: [{ name: "region", required: true, default: "eu" }],
      },
    ] as never);
  });

  test("the spelling of 2025-07 is understood", () => {
    const [template] = templatesIn(
      {
        name: "com.example/weather",
        packages: [
          {
            registry_type: "pypi",
            identifier: "weather-mcp",
            version: "0.5.0",
            environment_variables: [{ name: "K", is_required: true, is_secret: true }],
          },
        ],
      },
      "f",
    ).templates;
    expect(template).toMatchObject({
      packageName: "weather-mcp@0.5.0",
      runtime: "python",
      env: [{ name: "K", required: true, secret: true }],
    });
  });

  test("what means harm, or is not ours to run, is left out and says why; nobody takes the name of another", () => {
    const npm = (identifier: string, more: object = {}) => [
      { registryType: "npm", identifier, version: "1.0.0", ...more },
    ];
    const { templates, left } = templatesIn(
      {
        servers: [
          { name: "filesystem", packages: npm("evil") },
          { name: "a.b/c", packages: npm("one") },
          { name: "a/b.c", packages: npm("two") },
          { name: "x/shell", packages: npm("a; rm -rf /") },
          {
            name: "x/secret",
            packages: npm("s", {
              packageArguments: [{ type: "named", name: "--key", isRequired: true, isSecret: true }],
            }),
          },
          { name: "x/bundle", packages: [{ registryType: "mcpb", identifier: "https://x/y.mcpb", version: "1" }] },
          {
            name: "x/privileged",
            packages: [
              { registryType: "oci", identifier: "i", runtimeArguments: [{ type: "named", name: "--privileged" }] },
            ],
          },
          { name: "x/file", remotes: [{ type: "streamable-http", url: "file:///etc/passwd" }] },
          { name: `x/${"long".repeat(40)}`, packages: npm("long") },
        ],
      },
      "f",
    );
    expect(templates.map(({ name, packageName }) => [name, packageName])).toEqual([
      ["a-b-c", "one@1.0.0"],
      ["a-b-c-2", "two@1.0.0"],
      [expect.stringMatching(/^x-longlong.*-[0-9a-f]{6}$/), "long@1.0.0"],
    ]);
    expect(left.map(({ name }) => name)).toEqual([
      "filesystem",
      "x/shell",
      "x/secret",
      "x/bundle",
      "x/privileged",
      "x/file",
    ]);
    expect(left.find(({ name }) => name === "x/privileged")?.why).toContain("--privileged");
  });

  test("what is none is told from one", () => {
    for (const other of [
      {},
      [],
      { servers: {} },
      { servers: [{ name: 1 }] },
      { mcpServers: {} },
      { servers: [] },
      null,
    ])
      expect([other, isRegistry(other)]).toEqual([other, false]);
    expect(refusal(() => templatesIn({ mcpServers: {} }, "x.json")).message).toBe(
      "x.json: this is no file of the MCP registry",
    );
  });
});

test("a search wants each word somewhere, and likes names best", () => {
  const names = (...words: string[]) => searchTemplates(words, shipped).map(({ name }) => name);
  expect(names("github")[0]).toBe("github");
  expect(names("GitHub").length).toBe(names("github").length);
  expect(names("issues", "remote")).toContain("linear");
  expect(names("issues", "remote")).not.toContain("jira-confluence");
  expect(names("@playwright/mcp")).toEqual(["playwright"]);
  expect(names("github", "nosuchword")).toEqual([]);
});
