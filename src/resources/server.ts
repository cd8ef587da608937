import { type Static, Type } from "@sinclair/typebox";
import { defineKind, Name, oneOf, type Reference, text } from "./define.ts";

const SecretRef = Type.Object({
  secretRef: Type.Object({
    name: Type.String({ description: "The secret's name" }),
    key: Type.String({ description: "The key within the secret" }),
  }),
});

const variableName = Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$", maxLength: 128, description: "The variable" });
const headerName = Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", maxLength: 128, description: "The header" });

const valued = (name: typeof variableName, description: string) =>
  Type.Array(
    Type.Object({
      name,
      value: Type.Optional(text("The value, in plain sight", 8192)),
      valueFrom: Type.Optional(SecretRef),
    }),
    { maxItems: 128, description },
  );

const fields = Type.Object({
  description: Type.Optional(text("What the server is for")),
  transport: oneOf(["stdio", "http", "sse"], "How mcpctl speaks to it; `http` is Streamable HTTP"),
  protocol: Type.Optional(
    oneOf(
      ["auto", "legacy", "modern"],
      "Which era of MCP it is spoken to in; `auto`, the default, finds out and remembers",
    ),
  ),
  command: Type.Optional(
    Type.Array(Type.String({ maxLength: 8192 }), {
      minItems: 1,
      maxItems: 256,
      description: "Program and arguments; no shell",
    }),
  ),
  packageName: Type.Optional(
    Type.String({
      pattern: "^(@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*(@[A-Za-z0-9][A-Za-z0-9._+-]*)?$",
      maxLength: 214,
      description: "npm package to run, with a version to pin it: `@scope/name@1.2.3`",
    }),
  ),
  runtime: Type.Optional(oneOf(["node", "python"], "What runs the package; `node` is mcpctl itself")),
  args: Type.Optional(
    Type.Array(Type.String({ maxLength: 8192 }), { maxItems: 256, description: "Arguments of the package" }),
  ),
  image: Type.Optional(text("Container image; needs a container engine", 512)),
  containerPort: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65535, description: "Port an `image` serves HTTP on" }),
  ),
  url: Type.Optional(
    Type.String({
      pattern: "^https?://[^\\s/@]+(/\\S*)?$",
      maxLength: 2048,
      description: "Address of a server somebody else runs",
    }),
  ),
  headers: Type.Optional(valued(headerName, "Headers sent to a `url`, in plain sight or from a secret")),
  env: Type.Optional(valued(variableName, "Variables of the process, in plain sight or from a secret")),
  cwd: Type.Optional(text("Working folder of the process", 4096)),
  replicas: Type.Optional(Type.Integer({ minimum: 0, maximum: 1, default: 1, description: "0 stops it, 1 runs it" })),
});
export type ServerFields = Static<typeof fields>;
export type Valued = NonNullable<ServerFields["env"]>[number];

const transports: Record<string, string> = {
  STDIO: "stdio",
  STREAMABLE_HTTP: "http",
  "streamable-http": "http",
  SSE: "sse",
};
const ways = ["command", "packageName", "image", "url"] as const;

export const Server = defineKind({
  kind: "server",
  plural: "servers",
  aliases: ["srv"],
  description: "An MCP server that mcpctl runs or reaches",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "TRANSPORT", value: (s) => String(s["transport"]) },
    { header: "STATE", value: (s) => String(s.status?.["state"] ?? "") },
    { header: "TOOLS", value: (s) => String(s.status?.["tools"] ?? "") },
    { header: "DESCRIPTION", value: (s) => String(s["description"] ?? "") },
  ],
  wide: [
    { header: "PROTOCOL", value: (s) => String(s.status?.["protocol"] ?? "") },
    { header: "RUNS", value: (s) => runsOf(s) },
    { header: "RESOLVED", value: (s) => String(s.status?.["resolved"] ?? "") },
  ],
  executes: [
    "transport",
    "command",
    "packageName",
    "runtime",
    "args",
    "image",
    "containerPort",
    "url",
    "headers",
    "env",
    "cwd",
  ],
  normalize: (input) => {
    const given = input["transport"];
    const transport = given ?? (input["url"] === undefined ? "stdio" : "http");
    // The default is not kept: what was never said and what was said to be so compare equal.
    const { protocol, ...rest } = input;
    const said = protocol === undefined || protocol === "auto" ? {} : { protocol };
    return {
      ...rest,
      ...said,
      transport: typeof transport === "string" ? (transports[transport] ?? transport) : transport,
    };
  },
  check: (server) => [...checkWay(server), ...checkValues(server)],
  references: (server) => [...secretRefs("env", server.env), ...secretRefs("headers", server.headers)],
  heldBy: ["projects"],
  example: {
    kind: "server",
    name: "files",
    transport: "stdio",
    packageName: "@modelcontextprotocol/server-filesystem",
    args: ["/srv/docs"],
  },
});

/** True when mcpctl starts the process itself. */
export const isManaged = (server: ServerFields): boolean => server.url === undefined;

function runsOf(server: Record<string, unknown>): string {
  const command = server["command"];
  return Array.isArray(command)
    ? command.join(" ")
    : String(server["packageName"] ?? server["image"] ?? server["url"] ?? "");
}

function checkWay(server: ServerFields) {
  const given = ways.filter((way) => server[way] !== undefined);
  if (given.length !== 1) {
    return [
      {
        path: "",
        message: `give exactly one of ${ways.join(", ")}${given.length === 0 ? "" : `, not ${given.join(" and ")}`}`,
      },
    ];
  }
  const errors: { path: string; message: string }[] = [];
  const only = (field: keyof ServerFields, way: (typeof ways)[number]) => {
    if (server[field] !== undefined && given[0] !== way)
      errors.push({ path: `/${field}`, message: `goes only with ${way}` });
  };
  only("args", "packageName");
  only("runtime", "packageName");
  only("containerPort", "image");
  only("headers", "url");
  if (server.url !== undefined) {
    for (const field of ["env", "cwd"] as const) {
      if (server[field] !== undefined)
        errors.push({ path: `/${field}`, message: "a server reached by url has no process of ours" });
    }
    if (!URL.canParse(server.url)) errors.push({ path: "/url", message: "is not an address" });
    if (server.transport === "stdio") errors.push({ path: "/transport", message: "a url is reached by http or sse" });
    if (server.transport === "sse" && server.protocol === "modern")
      errors.push({ path: "/protocol", message: "the sse transport exists in the legacy era only" });
  } else if (server.transport !== "stdio" && server.containerPort === undefined) {
    errors.push({ path: "/transport", message: `${given[0]} speaks stdio` });
  }
  return errors;
}

function checkValues(server: ServerFields) {
  return (["env", "headers"] as const).flatMap((field) =>
    (server[field] ?? []).flatMap((entry, index) =>
      (entry.value === undefined) === (entry.valueFrom === undefined)
        ? [{ path: `/${field}/${index}`, message: "give either value or valueFrom" }]
        : [],
    ),
  );
}

const secretRefs = (field: string, entries: readonly Valued[] = []): Reference[] =>
  entries.flatMap((entry, index) =>
    entry.valueFrom === undefined
      ? []
      : [
          {
            plural: "secrets",
            name: entry.valueFrom.secretRef.name,
            path: `/${field}/${index}/valueFrom/secretRef/name`,
          },
        ],
  );
