// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what these files hold.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { documentIn } from "../../src/client/import/document.ts";
import { type Entry, entryOf } from "../../src/client/import/entry.ts";
import { neededFor, planOf } from "../../src/client/import/plan.ts";
import { readClientFile } from "../../src/client/import/readers.ts";
import { nameFrom } from "../../src/lib/id.ts";

const origin = "http://127.0.0.1:3200";
const plan = (entries: Entry[], values: Record<string, string> = {}, prefix = "") =>
  planOf(entries, { values: new Map(Object.entries(values)), inputs: {}, prefix, origin });

/** A file as one client writes it, and what must come of it: the server's fields by its name. */
type Fixture = {
  file: string;
  text: string;
  shape: string;
  values?: Record<string, string>;
  servers: Record<string, object>;
  skipped?: Record<string, string>;
};

const secretOf = (name: string, key: string) => ({ name: key, valueFrom: { secretRef: { name, key } } });
const key = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

const fixtures: Record<string, Fixture> = {
  "claude-desktop, with comments and a trailing comma": {
    file: "claude_desktop_config.json",
    shape: "mcpServers",
    text: `{ // mine
      "globalShortcut": "",
      "mcpServers": {
        "GitHub Tools": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-github@2025.4.8"], "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "${key}"}},
        "time": {"command": "uvx", "args": ["mcp-server-time==1.2.3", "--local-timezone", "Europe/Berlin"]},
        "wiki": {"command": "npx", "args": ["mcp-remote", "https://wiki.example.com/mcp", "--header", "Authorization:\${AUTH}"], "env": {"AUTH": "Bearer abc12345"}},
        "mcpctl": {"command": "/usr/local/bin/mcpctl", "args": ["mcp", "-p", "demo"]},
      }
    }`,
    servers: {
      "github-tools": {
        packageName: "@modelcontextprotocol/server-github@2025.4.8",
        env: [secretOf("github-tools", "GITHUB_PERSONAL_ACCESS_TOKEN")],
      },
      time: { packageName: "mcp-server-time@1.2.3", runtime: "python", args: ["--local-timezone", "Europe/Berlin"] },
      wiki: { url: "https://wiki.example.com/mcp", transport: "http", headers: [secretOf("wiki", "Authorization")] },
    },
    skipped: { mcpctl: "it is mcpctl itself" },
  },
  "claude-code, of everywhere and of this folder": {
    file: ".claude.json",
    shape: "mcpServers",
    text: JSON.stringify({
      mcpServers: {
        wiki: {
          type: "http",
          url: "https://wiki.example.com/mcp",
          headers: { Authorization: "Bearer ${WIKI:-none1234}" },
        },
      },
      projects: {
        "/here": { mcpServers: { local: { type: "stdio", command: "node", args: ["s.js"], env: { LEVEL: "debug" } } } },
        "/elsewhere": { mcpServers: { other: { command: "x" } } },
      },
    }),
    servers: {
      wiki: { url: "https://wiki.example.com/mcp", transport: "http", headers: [secretOf("wiki", "Authorization")] },
      local: { command: ["node", "s.js"], env: [{ name: "LEVEL", value: "debug" }] },
    },
  },
  "cursor, and our own gateway in it": {
    file: "mcp.json",
    shape: "mcpServers",
    text: JSON.stringify({
      mcpServers: {
        ours: { url: `${origin}/projects/demo/mcp`, headers: { Authorization: "Bearer ${env:X}" } },
        theirs: { url: "https://x.example.com/sse" },
        token: { url: "https://far.example.com/mcp", headers: { Authorization: "Bearer mcpctl_pat_abc" } },
      },
    }),
    servers: { theirs: { url: "https://x.example.com/sse", transport: "sse" } },
    skipped: { ours: "it is mcpctl itself", token: "it is mcpctl itself" },
  },
  vscode: {
    file: "mcp.json",
    shape: "VS Code's mcp.json",
    values: { "api-key": "hunter2", folder: "/srv" },
    text: JSON.stringify({
      inputs: [{ type: "promptString", id: "api-key", description: "The key", password: true }],
      servers: {
        db: {
          type: "stdio",
          command: "npx",
          args: ["-y", "@x/db", "${input:folder}"],
          env: { WHATEVER: "${input:api-key}" },
        },
      },
    }),
    servers: { db: { packageName: "@x/db", args: ["/srv"], env: [secretOf("db", "WHATEVER")] } },
  },
  codex: {
    file: "config.toml",
    shape: "Codex's config.toml",
    values: { WIKI_TOKEN: "abc12345", HOST_HEADER: "eu" },
    text: `model = "x"
[mcp_servers.files]
command = "npx"
args = ["-y", "@modelcontextprotocol/server-filesystem", "/srv"]
enabled_tools = ["read_text_file"]
[mcp_servers.files.env]
LEVEL = "1"
[mcp_servers.wiki]
url = "https://wiki.example.com/mcp"
bearer_token_env_var = "WIKI_TOKEN"
env_http_headers = { "X-Region" = "HOST_HEADER" }
`,
    servers: {
      files: {
        packageName: "@modelcontextprotocol/server-filesystem",
        args: ["/srv"],
        env: [{ name: "LEVEL", value: "1" }],
      },
      wiki: {
        url: "https://wiki.example.com/mcp",
        transport: "http",
        headers: [{ name: "X-Region", value: "eu" }, secretOf("wiki", "Authorization")],
      },
    },
  },
  "cline, nested": {
    file: "cline_mcp_settings.json",
    shape: "mcpServers",
    text: JSON.stringify({
      mcpServers: {
        wiki: {
          transport: { type: "streamableHttp", url: "https://wiki.example.com/mcp", headers: { "X-API-Key": "k" } },
          disabled: false,
          autoApprove: [],
        },
        off: { command: "node", args: ["x"], disabled: true },
      },
    }),
    servers: {
      wiki: { url: "https://wiki.example.com/mcp", transport: "http", headers: [secretOf("wiki", "X-API-Key")] },
    },
    skipped: { off: "it is switched off there" },
  },
  "gemini and qwen": {
    file: "settings.json",
    shape: "mcpServers",
    values: { T: "abc12345" },
    text: JSON.stringify({
      mcpServers: {
        a: {
          httpUrl: "https://a.example.com/sse",
          headers: { Authorization: "Bearer $T" },
          timeout: 1000,
          trust: true,
        },
        b: { url: "https://b.example.com/mcp", type: "http", env: {}, excludeTools: ["x"] },
        c: { command: "python", args: ["-m", "srv"], cwd: "/srv", env: { TOKEN: "$T" } },
      },
    }),
    servers: {
      a: { url: "https://a.example.com/sse", transport: "http", headers: [secretOf("a", "Authorization")] },
      b: { url: "https://b.example.com/mcp", transport: "http" },
      c: { command: ["python", "-m", "srv"], cwd: "/srv", env: [secretOf("c", "TOKEN")] },
    },
  },
  opencode: {
    file: "opencode.json",
    shape: "opencode's settings",
    values: { K: "abc12345" },
    text: JSON.stringify({
      mcp: {
        local: {
          type: "local",
          command: ["bunx", "@x/y@1.0.0", "--a"],
          environment: { APP_KEY: "{env:K}" },
          enabled: true,
        },
        far: { type: "remote", url: "https://far.example.com/mcp", oauth: false },
      },
    }),
    servers: {
      local: { packageName: "@x/y@1.0.0", args: ["--a"], env: [secretOf("local", "APP_KEY")] },
      far: { url: "https://far.example.com/mcp", transport: "http" },
    },
  },
  "lm studio, with a login in the address": {
    file: "mcp.json",
    shape: "mcpServers",
    text: JSON.stringify({ mcpServers: { a: { url: "https://me:pw@a.example.com/mcp" } } }),
    servers: { a: { url: "https://a.example.com/mcp", transport: "http", headers: [secretOf("a", "Authorization")] } },
  },
  continue: {
    file: "config.yaml",
    shape: "Continue's config.yaml",
    values: { WIKI: "abc12345" },
    text: `name: mine
mcpServers:
  - name: Wiki
    type: streamable-http
    url: https://wiki.example.com/mcp
    requestOptions: {headers: {Authorization: "Bearer \${{ secrets.WIKI }}"}}
  - name: time
    command: uvx
    args: [mcp-server-time]
`,
    servers: {
      wiki: { url: "https://wiki.example.com/mcp", transport: "http", headers: [secretOf("wiki", "Authorization")] },
      time: { packageName: "mcp-server-time", runtime: "python" },
    },
  },
  goose: {
    file: "config.yaml",
    shape: "Goose's config.yaml",
    values: { GITHUB_TOKEN: "abc12345" },
    text: `extensions:
  developer: {type: builtin, name: developer, enabled: true}
  github: {type: stdio, name: github, enabled: true, cmd: npx, args: [-y, "@x/github"], envs: {}, env_keys: [GITHUB_TOKEN], timeout: 300}
  wiki: {type: streamable_http, name: wiki, enabled: true, uri: "https://wiki.example.com/mcp"}
`,
    servers: {
      github: { packageName: "@x/github", env: [secretOf("github", "GITHUB_TOKEN")] },
      wiki: { url: "https://wiki.example.com/mcp", transport: "http" },
    },
    skipped: { developer: "mcpctl knows no servers of type builtin" },
  },
  "mcp-hub": {
    file: "mcp_settings.json",
    shape: "mcpServers",
    text: JSON.stringify({
      mcpServers: {
        amap: {
          command: "npx",
          args: ["-y", "@amap/amap-maps-mcp-server"],
          env: { AMAP_MAPS_API_KEY: "0123456789" },
          owner: "admin",
        },
        api: { type: "openapi", openapi: { url: "https://x" } },
        gone: { url: "https://gone.example.com/mcp", enabled: false },
      },
      users: [{ username: "admin", password: "$2b$10$abcdefghijklmnopqrstuv", isAdmin: true }],
    }),
    servers: { amap: { packageName: "@amap/amap-maps-mcp-server", env: [secretOf("amap", "AMAP_MAPS_API_KEY")] } },
    skipped: { api: "mcpctl knows no servers of type openapi", gone: "it is switched off there" },
  },
  "a catalogue of Docker": {
    file: "docker-mcp.yaml",
    shape: "a catalogue of Docker",
    values: { GITHUB_PERSONAL_ACCESS_TOKEN: "abc12345", "github.host": "ghe.example.com" },
    text: `version: 2
name: docker-mcp
registry:
  github:
    description: Tools for GitHub
    type: server
    image: mcp/github@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    secrets: [{name: github.personal_access_token, env: GITHUB_PERSONAL_ACCESS_TOKEN, example: "<TOKEN>"}]
    env: [{name: GITHUB_HOST, value: "{{github.host}}"}]
    command: [stdio]
    volumes: ["/srv:/srv"]
  far:
    type: remote
    remote: {url: "https://far.example.com/sse", transport_type: sse}
`,
    servers: {
      github: {
        description: "Tools for GitHub",
        image: "mcp/github@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        args: ["stdio"],
        volumes: ["/srv:/srv"],
        env: [{ name: "GITHUB_HOST", value: "ghe.example.com" }, secretOf("github", "GITHUB_PERSONAL_ACCESS_TOKEN")],
      },
      far: { url: "https://far.example.com/sse", transport: "sse" },
    },
  },
  "server.json of the registry": {
    file: "server.json",
    shape: "a file of the MCP registry",
    values: { target: "/srv", TOKEN: "abc12345" },
    text: JSON.stringify({
      name: "io.example/files",
      description: "Files",
      packages: [
        {
          registryType: "npm",
          identifier: "@x/files",
          version: "1.0.0",
          packageArguments: [{ type: "positional", valueHint: "target", isRequired: true }],
          environmentVariables: [
            { name: "TOKEN", isSecret: true, isRequired: true },
            { name: "MODE", default: "a" },
          ],
        },
      ],
    }),
    servers: {
      "io-example-files": {
        description: "Files",
        packageName: "@x/files@1.0.0",
        args: ["/srv"],
        env: [secretOf("io-example-files", "TOKEN"), { name: "MODE", value: "a" }],
      },
    },
  },
};

describe("a file of", () => {
  test.each(Object.entries(fixtures))("%s", (_, { file, text, shape, values = {}, servers, skipped = {} }) => {
    const reading = readClientFile(documentIn(text, file), "/here");
    expect(reading?.shape).toBe(shape);
    const { entries = [], inputs = {} } = reading ?? {};
    const known = new Map(Object.entries(values));
    expect(neededFor(entries, { inputs, values: known, origin })).toEqual([]);
    const made = planOf(entries, { inputs, values: known, prefix: "", origin });
    const fields = Object.fromEntries(
      made.planned.map(({ name, server: { kind: _kind, name: _name, ...rest } }) => [name, rest]),
    );
    expect(fields as object).toEqual(servers);
    expect(Object.fromEntries(made.skipped.map(({ from, why }) => [from, why]))).toEqual(skipped);
    // Every key that a server refers to is in the secret that is made beside it.
    for (const { server, secret } of made.planned)
      for (const { valueFrom } of [
        ...((server["env"] ?? []) as { valueFrom?: { secretRef: { key: string } } }[]),
        ...((server["headers"] ?? []) as never[]),
      ])
        if (valueFrom !== undefined) expect(secret?.data).toHaveProperty(valueFrom.secretRef.key);
  });

  test("none of them is known by nothing", () => {
    for (const other of [{}, [], { a: 1 }, { servers: [] }, "x"])
      expect([other, readClientFile(other, "/")]).toEqual([other, undefined]);
    expect(() => documentIn("{{{", "x.json")).toThrow("x.json is neither JSON nor YAML nor TOML");
  });
});

describe("a command line", () => {
  const entry = (command: string, ...args: string[]) => entryOf("s", { command, args, env: { OUTER: "o" } });
  const fields = (...line: [string, ...string[]]) => {
    const { kind: _kind, name: _name, env: _env, ...rest } = plan([entry(...line)]).planned[0]?.server ?? {};
    return rest as object;
  };
  test("that fetches a package is a package", () => {
    for (const [line, packageName, args] of [
      ["npx -y @x/y@1.2.3 --a b", "@x/y@1.2.3", ["--a", "b"]],
      ["npx --package=@x/y y --a", "@x/y", ["--a"]],
      ["npm exec --yes -- @x/y --a", "@x/y", ["--a"]],
      ["pnpm dlx y", "y", undefined],
      ["C:\\nodejs\\npx.cmd -y y", "y", undefined],
      ["cmd /c npx -y y", "y", undefined],
    ] as const)
      expect([line, fields(...(line.split(" ") as [string]))]).toEqual([
        line,
        { packageName, ...(args && { args: [...args] }) },
      ]);
    for (const [line, packageName] of [
      ["uvx a-b==1.0", "a-b@1.0"],
      ["uvx --from a-b@1.0 a-b", "a-b@1.0"],
      ["uv tool run a.b", "a.b"],
      ["pipx run a", "a"],
    ] as const)
      expect([line, fields(...(line.split(" ") as [string]))]).toEqual([line, { packageName, runtime: "python" }]);
  });

  test("that says more than a server can stays a command", () => {
    for (const line of [
      "npx --package=@x/y other",
      "npx --ignore-scripts y",
      "npx github:x/y",
      "uvx --from git+https://x/y z",
      "uvx a[extra]",
      "docker run --privileged x",
      "docker run --env-file f x",
      "docker compose up",
      "./server --a",
    ])
      expect([line, fields(...(line.split(" ") as [string]))]).toEqual([line, { command: line.split(" ") }]);
  });

  test("of docker is an image with its variables, folders and bounds", () => {
    const made = plan([
      entry(
        "docker",
        ..."run --rm -i -e OUTER -e A=b --env=C=d -v /s:/t:ro --mount type=bind,src=/x,dst=/y --network=none -m 512m --cpus 0.5 --read-only -u 1000:1000 mcp/x:1 -t stdio".split(
          " ",
        ),
      ),
    ]).planned[0]?.server;
    expect(made).toMatchObject({
      image: "mcp/x:1",
      args: ["-t", "stdio"],
      volumes: ["/s:/t:ro", "/x:/y"],
      network: "none",
      memoryMiB: 512,
      cpus: 0.5,
      readOnly: true,
      user: "1000:1000",
      env: [
        { name: "OUTER", value: "o" },
        { name: "A", value: "b" },
        { name: "C", value: "d" },
      ],
    });
  });
});

describe("names", () => {
  test("are made valid and unique, always the same", () => {
    const entries = ["My Server!", "my-server", "ÄÖÜ", "日本", "--", "a".repeat(80)].map((name) =>
      entryOf(name, { command: "x" }),
    );
    const names = plan(entries).planned.map(({ name }) => name);
    expect(names).toEqual(plan(entries).planned.map(({ name }) => name));
    expect(names.slice(0, 3)).toEqual(["my-server", "my-server-2", "aou"]);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(new Set(names).size).toBe(names.length);
    expect(plan(entries.slice(0, 1), {}, "old-").planned[0]?.name).toBe("old-my-server");
  });
  test("of long texts that begin alike differ", () => {
    expect(nameFrom(`${"x".repeat(70)}1`)).not.toBe(nameFrom(`${"x".repeat(70)}2`));
  });
});

test("words that mean something to JavaScript mean nothing here, and what is odd is told, not thrown", () => {
  const text =
    '{"mcpServers": {"__proto__": {"command": "x", "env": {"__proto__": "ghp_0123456789abcdef0123"}}, "constructor": {"command": "x", "type": "constructor"}, "a": "x", "b": {"url": "https://u:%E0%A4%A@h/"}, "c": {"command": "npx"}, "d": {"command": "docker", "args": ["run"]}}}';
  const { entries = [] } = readClientFile(documentIn(text, "x.json"), "/") ?? {};
  const { planned, skipped } = plan(entries);
  expect(planned.map(({ name }) => name)).toEqual(["proto", "constructor", "b", "c", "d"]);
  expect(Object.values(planned[0]?.secret?.data ?? {})).toEqual(["ghp_0123456789abcdef0123"]);
  expect(skipped).toEqual([{ from: "a", why: "it is no mapping of settings" }]);
});

test("what a reference stands for is asked once, told whose it is, and not looked through again", () => {
  const entries = [
    entryOf("a", { command: "x", env: { TOKEN: "${T}", PLAIN: "${B:-usual}" } }),
    entryOf("b", { command: "y", args: ["${T2}"], env: { K: "${T}" } }),
    entryOf("off", { command: "z", env: { K: "${NOBODY_ASKS}" }, disabled: true }),
  ];
  const needed = neededFor(entries, { inputs: {}, values: new Map(), origin });
  expect(needed.map(({ name, for: whose }) => [name, whose])).toEqual([
    ["T", ["a", "b"]],
    ["T2", ["b"]],
  ]);
  const [a] = plan(entries, { T: "${T2}", T2: "x" }).planned;
  expect(a?.secret?.data).toEqual({ TOKEN: "${T2}" });
  expect(a?.server["env"]).toContainEqual({ name: "PLAIN", value: "usual" });
});

describe("keys", () => {
  const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"];
  const word = (length: number) =>
    fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length });
  const shaped = fc.oneof(
    word(36).map((tail) => `ghp_${tail}`),
    word(40).map((tail) => `sk-proj-${tail}`),
    word(24).map((tail) => `xoxb-12-${tail}`),
    word(20).map((tail) => `glpat-${tail}`),
    word(43).map((tail) => `lin_api_${tail}`),
    fc.tuple(word(20), word(30), word(30)).map(([a, b, c]) => `eyJ${a}.${b}.${c}`),
    fc
      .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 40, maxLength: 40 })
      .filter((text) => /[a-f]/.test(text) && /\d/.test(text)),
    word(48).filter((text) => text.replace(/\D/g, "").length >= 3 && /[a-z]/.test(text) && /[A-Z]/.test(text)),
  );
  /** Everywhere in an entry that a key may stand, under names that do not give it away. */
  const places: ((key: string) => Record<string, unknown>)[] = [
    (key) => ({ command: "node", args: ["x.js"], env: { SETTING: key } }),
    (key) => ({ command: "node", args: ["x.js"], env: { SETTING: `prefix ${key}` } }),
    (key) => ({ command: "node", args: ["x.js", key] }),
    (key) => ({ command: "node", args: ["x.js", `--setting=${key}`] }),
    (key) => ({ command: "sh", args: ["-c", `SETTING=${key} node x.js`] }),
    (key) => ({ command: "docker", args: ["run", "-e", `SETTING=${key}`, "mcp/x"] }),
    (key) => ({ command: "docker", args: ["run", "--label-file", "x", "-e", `SETTING=${key}`, "mcp/x"] }),
    (key) => ({ command: "npx", args: ["-y", "@x/y", "--setting", key] }),
    (key) => ({ command: "npx", args: ["mcp-remote", "https://x.example.com/mcp", "--header", `X-Setting:${key}`] }),
    (key) => ({ url: "https://x.example.com/mcp", headers: { "X-Setting": key } }),
    (key) => ({ url: "https://x.example.com/mcp", headers: { Authorization: `Bearer ${key}` } }),
    (key) => ({ url: `https://x.example.com/mcp?setting=${key}` }),
    (key) => ({ url: `https://x.example.com/${key}/mcp` }),
    (key) => ({ url: `https://user:${key}@x.example.com/mcp` }),
    (key) => ({ command: "node", args: ["x.js"], cwd: `/srv/${key}` }),
    (key) => ({ command: "node", args: ["x.js"], description: `use ${key}` }),
  ];

  test("never get into a server, wherever they stand and whatever form they have", () => {
    fc.assert(
      fc.property(shaped, fc.constantFrom(...places), (secret, place) => {
        const { planned, skipped } = plan([entryOf("s", place(secret))]);
        expect(planned.length + skipped.length).toBe(1);
        expect(JSON.stringify(planned.map(({ server, notes }) => [server, notes]))).not.toContain(secret);
        expect(JSON.stringify(skipped)).not.toContain(secret);
        // It is not lost either: it lies in the secret, or nothing is made.
        if (planned[0]?.secret !== undefined) expect(planned[0].secret.data).not.toEqual({});
      }),
      { numRuns: 400 },
    );
  });

  test("are what their variable, header or flag says they are, however they look", () => {
    for (const name of ["GITHUB_TOKEN", "apiKey", "DB_PASSWORD", "client_secret", "X-API-Key", "AUTH", "SMTP_PASS"]) {
      const { planned } = plan([
        entryOf("s", { command: "x", env: name.includes("-") ? {} : { [name]: "hunter2" }, headers: {} }),
      ]);
      if (!name.includes("-")) expect([name, planned[0]?.secret?.data]).toEqual([name, { [name]: "hunter2" }]);
    }
    for (const args of [["--api-key", "hunter2"], ["--token=hunter2"], ["--password", "hunter2"]])
      expect(plan([entryOf("s", { command: "x", args })]).skipped).toHaveLength(1);
  });

  test("are what a reference's name says they are, wherever it stands", () => {
    const entries = [
      entryOf("a", { command: "x", args: ["${MY_API_KEY}"] }),
      entryOf("b", { url: "https://x.example.com/${MY_API_KEY}/mcp" }),
      entryOf("c", { command: "x", args: ["${FOLDER}"], env: { KEY: "${MY_API_KEY}" } }),
    ];
    const { planned, skipped } = plan(entries, { MY_API_KEY: "hunter2", FOLDER: "/srv" });
    expect(skipped.map(({ from }) => from)).toEqual(["a", "b"]);
    expect(planned.map(({ secret }) => secret?.data)).toEqual([{ KEY: "hunter2" }]);
  });

  test("are not what is plainly something else", () => {
    const env = {
      MAX_TOKENS: "4096",
      TOKEN_FILE: "/run/secrets/token",
      GOOGLE_APPLICATION_CREDENTIALS: "/srv/key.json",
      NODE_ENV: "production",
      MODEL: "claude-sonnet-4-5-20250929",
      GREETING: "a sentence of several words, with 3 numbers",
      ID: "0199aaaa-0000-7000-8000-000000000000",
    };
    const { planned } = plan([
      entryOf("s", {
        command: "/opt/My Program2/bin",
        args: ["--max-tokens", "4096", "/home/Someone99/Documents/Project2"],
        env,
      }),
    ]);
    expect(planned[0]?.secret).toBeUndefined();
    expect(planned[0]?.server["env"]).toHaveLength(7);
  });
});
