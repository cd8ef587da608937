import { isObject } from "../../lib/object.ts";
import { isRegistry, type Named, templatesIn } from "../../resources/templates/registry.ts";
import { type Entry, entryOf, type Input, type Reading, textOf, textsOf, wordsOf } from "./entry.ts";

/** One shape of file: how it is known, and what is in it. A new one is a row here. */
type Reader = {
  /** What it is called where it is told what was read. */
  shape: string;
  fits: (document: Record<string, unknown>) => boolean;
  read: (document: Record<string, unknown>, folder: string) => Reading;
};

const entriesOf = (servers: unknown): Entry[] =>
  isObject(servers) ? Object.entries(servers).map(([name, given]) => entryOf(name, given)) : [];

const has = (key: string) => (document: Record<string, unknown>) => isObject(document[key]);

const readers: readonly Reader[] = [
  {
    shape: "a file of the MCP registry",
    fits: isRegistry,
    read: ofRegistry,
  },
  {
    shape: "a catalogue of Docker",
    fits: (document) =>
      isObject(document["registry"]) &&
      Object.values(document["registry"]).some((one) => isObject(one) && isDocker(one)),
    read: (document) => {
      const servers = Object.entries(document["registry"] as object);
      return { entries: servers.map(ofDocker), inputs: hidden(servers.flatMap(([, one]) => secretsOf(one))) };
    },
  },
  {
    shape: "VS Code's mcp.json",
    fits: (document) => has("servers")(document) && !Array.isArray(document["servers"]),
    read: (document) => ({ entries: entriesOf(document["servers"]), inputs: inputsOf(document["inputs"]) }),
  },
  {
    shape: "VS Code's settings",
    fits: (document) => isObject(document["mcp"]) && isObject(document["mcp"]["servers"]),
    read: ({ mcp }) => ({
      entries: entriesOf((mcp as Record<string, unknown>)["servers"]),
      inputs: inputsOf((mcp as Record<string, unknown>)["inputs"]),
    }),
  },
  {
    shape: "Codex's config.toml",
    fits: has("mcp_servers"),
    read: ({ mcp_servers }) => ({ entries: ofCodex(mcp_servers) }),
  },
  { shape: "opencode's settings", fits: has("mcp"), read: ({ mcp }) => ({ entries: entriesOf(mcp) }) },
  {
    shape: "Goose's config.yaml",
    fits: has("extensions"),
    read: ({ extensions }) => ({
      entries: ofGoose(extensions),
      inputs: hidden(Object.values(extensions as object).flatMap(keysOf)),
    }),
  },
  {
    shape: "Continue's config.yaml",
    fits: (document) => Array.isArray(document["mcpServers"]),
    read: ({ mcpServers }) => ({
      entries: (mcpServers as unknown[]).map((one, index) =>
        entryOf((isObject(one) ? textOf(one["name"]) : undefined) ?? `server-${index + 1}`, one),
      ),
    }),
  },
  {
    shape: "Zed's settings",
    fits: has("context_servers"),
    read: (document) => ({ entries: entriesOf(document["context_servers"]) }),
  },
  {
    shape: "mcpServers",
    fits: (document) => isObject(document["mcpServers"]) || isObject(document["projects"]),
    read: (document, folder) => ({ entries: [...entriesOf(document["mcpServers"]), ...ofProject(document, folder)] }),
  },
];

/** Reads a file of whichever client; undefined for what none of the readers knows. `folder` is where somebody stands. */
export function readClientFile(document: unknown, folder: string): (Reading & { shape: string }) | undefined {
  if (!isObject(document)) return undefined;
  const reader = readers.find(({ fits }) => fits(document));
  return reader && { shape: reader.shape, ...reader.read(document, folder) };
}

/** Claude Code keeps servers of single folders beside those of everywhere. */
function ofProject({ projects }: Record<string, unknown>, folder: string): Entry[] {
  const own = isObject(projects) && Object.hasOwn(projects, folder) ? projects[folder] : undefined;
  return isObject(own) ? entriesOf(own["mcpServers"]) : [];
}

/** Codex names variables in place of values: whose token it is, whose headers, which are passed on. */
function ofCodex(servers: unknown): Entry[] {
  return entriesOf(servers).map((entry) => {
    const given = (servers as Record<string, unknown>)[entry.name];
    if (!isObject(given)) return entry;
    const bearer = textOf(given["bearer_token_env_var"]);
    const named = Object.entries(wordsOf(given["env_http_headers"])).map(([name, word]) => [name, `\${${word}}`]);
    const passed = (textsOf(given["env_vars"]) ?? []).map((word) => [word, `\${${word}}`]);
    return {
      ...entry,
      headers: {
        ...entry.headers,
        ...wordsOf(given["http_headers"]),
        ...Object.fromEntries(named),
        ...(bearer === undefined ? {} : { Authorization: `Bearer \${${bearer}}` }),
      },
      env: { ...Object.fromEntries(passed), ...entry.env },
    };
  });
}

/** Goose keeps the values of `env_keys` in the system's keyring. */
const ofGoose = (extensions: unknown): Entry[] =>
  entriesOf(extensions).map((entry) => {
    const given = (extensions as Record<string, unknown>)[entry.name];
    const keys = keysOf(given).map((key) => [key, `\${${key}}`]);
    return { ...entry, env: { ...Object.fromEntries(keys), ...entry.env } };
  });

const keysOf = (extension: unknown): string[] => (isObject(extension) ? (textsOf(extension["env_keys"]) ?? []) : []);

/** Values that the client keeps apart from its settings are secrets, whatever they are called. */
const hidden = (names: readonly string[]): Record<string, Input> =>
  Object.fromEntries(names.map((name) => [name, { secret: true }]));

function inputsOf(list: unknown): Record<string, Input> {
  if (!Array.isArray(list)) return {};
  return Object.fromEntries(
    list.filter(isObject).flatMap((input) => {
      const id = textOf(input["id"]);
      return id === undefined
        ? []
        : [[id, { description: textOf(input["description"]), secret: input["password"] === true }]];
    }),
  );
}

const isDocker = (one: Record<string, unknown>): boolean =>
  typeof one["image"] === "string" || isObject(one["remote"]) || one["type"] === "remote";

function ofDocker([name, given]: [string, unknown]): Entry {
  const one = isObject(given) ? given : {};
  const image = textOf(one["image"]);
  if (image === undefined) {
    const remote = isObject(one["remote"]) ? one["remote"] : one;
    const type = textOf(remote["transport_type"]);
    return entryOf(name, { ...remote, ...(type === undefined ? {} : { type }), description: one["description"] });
  }
  const args = textsOf(one["command"]);
  const volumes = textsOf(one["volumes"]);
  const listed = (key: string) => (Array.isArray(one[key]) ? one[key].filter(isObject) : []);
  return {
    name,
    description: textOf(one["description"]),
    args: [],
    env: Object.fromEntries([
      ...listed("env").map((variable) => [String(variable["name"]), String(variable["value"] ?? "")]),
      ...secretsOf(one).map((name) => [name, `\${${name}}`]),
    ]),
    headers: {},
    fields: {
      image,
      ...(args !== undefined && args.length > 0 && { args }),
      ...(volumes !== undefined && volumes.length > 0 && { volumes }),
    },
    lost: [],
  };
}

const secretsOf = (one: unknown): string[] =>
  isObject(one) && Array.isArray(one["secrets"])
    ? one["secrets"].filter(isObject).flatMap((secret) => textOf(secret["env"]) ?? [])
    : [];

/** A template as somebody's configuration: what it asks for is a reference. */
function ofTemplate({ name, description, env = [], headers = [], arguments: _, ...template }: Named): Entry {
  const values = (list: { name: string; required?: boolean; default?: string }[]) =>
    Object.fromEntries(
      list.flatMap((one) => {
        if (one.default !== undefined) return [[one.name, one.default]];
        return one.required === true ? [[one.name, `\${${one.name}}`]] : [];
      }),
    );
  const fields = Object.fromEntries(
    Object.entries(template)
      .filter(([field]) => !["links", "tags", "source", "labels"].includes(field))
      .map(([field, value]) => [field, asReference(value)]),
  );
  return { name, description, args: [], env: values(env), headers: values(headers), fields, lost: [] };
}

/** `{folder}` as `${folder}`. */
const asReference = (value: unknown): unknown =>
  typeof value === "string"
    ? value.replace(/\{([A-Za-z][A-Za-z0-9_-]*)\}/g, "$${$1}")
    : Array.isArray(value)
      ? value.map(asReference)
      : value;

function ofRegistry(document: Record<string, unknown>): Reading {
  const { templates, left } = templatesIn(document, "the file");
  const asked = templates.flatMap((one) => [
    ...[...(one.env ?? []), ...(one.headers ?? [])].map((value) => ({ ...value, secret: value.secret === true })),
    ...(one.arguments ?? []).map((value) => ({ ...value, secret: false })),
  ]);
  return {
    entries: [
      ...templates.map(ofTemplate),
      ...left.map(({ name, why }) => ({ name, args: [], env: {}, headers: {}, lost: [], unfit: why })),
    ],
    inputs: Object.fromEntries(asked.map(({ name, description, secret }) => [name, { description, secret }])),
  };
}
