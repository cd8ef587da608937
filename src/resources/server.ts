import { type Static, Type } from "@sinclair/typebox";
import { defineKind, Name, oneOf, type Reference, text } from "./define.ts";
import { serverLimits } from "./limits.ts";

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

const healthCheck = Type.Object(
  {
    tool: Type.String({ minLength: 1, maxLength: 256, description: "A tool of the server's, by its own name" }),
    arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "What it is called with" })),
    intervalSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 86_400, description: "How often; 60" })),
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600, description: "For an answer; 10" })),
    failureThreshold: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: "Failures in a row that make it unhealthy; 3" }),
    ),
  },
  { description: "A tool call that shows whether it works; without one, whether it lists its tools" },
);
export type HealthCheck = Static<typeof healthCheck>;

const tls = Type.Object(
  {
    ca: Type.Optional(text("Certificates of the authorities that are trusted, PEM, in place of the system's", 65_536)),
    certificate: Type.Optional(text("Our own certificate, PEM", 65_536)),
    key: Type.Optional(SecretRef),
    serverName: Type.Optional(text("The name that the server's certificate must have", 253)),
    insecureSkipVerify: Type.Optional(
      Type.Boolean({ description: "Take any certificate: whoever is between can read and change everything" }),
    ),
  },
  { description: "How a `https` url is trusted" },
);
export type Tls = Static<typeof tls>;

const oauth = Type.Object(
  {
    tokenUrl: Type.String({
      pattern: "^https?://[^\\s/@]+(/\\S*)?$",
      maxLength: 2048,
      description: "Where tokens are given for the client's credentials",
    }),
    clientId: text("The client as the issuer knows it", 512),
    clientSecret: SecretRef,
    scope: Type.Optional(text("Scopes to ask for, with blanks between", 1024)),
    resource: Type.Optional(text("For which resource (RFC 8707), where the issuer wants to be told", 2048)),
  },
  { description: "A token by the client's credentials (RFC 6749 §4.4), for a url that asks for one" },
);
export type OAuthClient = Static<typeof oauth>;

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
      pattern: "^(@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*(@[\\^~]?[A-Za-z0-9][A-Za-z0-9._+-]*)?$",
      maxLength: 214,
      description:
        "Package to run, from npm or (`runtime: python`) by uvx, with a version to pin it: `name@1.2.3` or `@scope/name@1.2.3`",
    }),
  ),
  runtime: Type.Optional(oneOf(["node", "python"], "What runs the package; `node` is mcpctl itself")),
  args: Type.Optional(
    Type.Array(Type.String({ maxLength: 8192 }), {
      maxItems: 256,
      description: "Arguments of the package, or of the image's program",
    }),
  ),
  image: Type.Optional(
    Type.String({
      pattern: "^[a-z0-9][A-Za-z0-9._/:@-]*$",
      maxLength: 512,
      description: "Container image that is there already or can be pulled; needs podman or Docker",
    }),
  ),
  containerPort: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65535, description: "Port an `image` serves HTTP on" }),
  ),
  containerPath: Type.Optional(
    Type.String({
      pattern: "^/[^\\s?#]*$",
      maxLength: 1024,
      description: "Path an `image` serves MCP at; `/mcp` when absent, `/sse` with transport sse",
    }),
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
  replicas: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 16,
      default: 1,
      description: "How many copies run; 0 stops it. A caller meets the same copy as long as it runs",
    }),
  ),
  start: Type.Optional(
    oneOf(["eager", "lazy"], "`eager`, the default, runs it at once; `lazy` from the first call that needs it"),
  ),
  idleStopSeconds: Type.Optional(
    Type.Integer({
      minimum: 5,
      maximum: 86_400,
      description: "A lazy server is stopped after so long without a call; never when absent",
    }),
  ),
  healthCheck: Type.Optional(healthCheck),
  limits: Type.Optional(serverLimits),
  memoryMiB: Type.Optional(Type.Integer({ minimum: 16, maximum: 1_048_576, description: "Memory it may use" })),
  cpus: Type.Optional(
    Type.Number({ minimum: 0.05, maximum: 1024, description: "Processors it may use; 0.5 is half of one" }),
  ),
  openFiles: Type.Optional(Type.Integer({ minimum: 16, maximum: 1_048_576, description: "Files it may have open" })),
  processes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: "Processes and threads it may have" }),
  ),
  user: Type.Optional(
    Type.String({
      pattern: "^[a-z_][a-z0-9_-]*$|^\\d{1,10}(:\\d{1,10})?$",
      maxLength: 64,
      description: "User it runs as, by name or as UID:GID; mcpctl itself must be root, or an image must be run",
    }),
  ),
  readOnly: Type.Optional(Type.Boolean({ description: "An image's file system cannot be written to" })),
  network: Type.Optional(
    Type.String({
      pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$",
      maxLength: 128,
      description: "Network of an image: none, bridge, host or the name of one",
    }),
  ),
  volumes: Type.Optional(
    Type.Array(Type.String({ pattern: "^[^:\\s][^:]*:/[^:]*(:ro|:rw)?$", maxLength: 4096 }), {
      maxItems: 64,
      description: "Folders or volumes within an image: SOURCE:/TARGET or SOURCE:/TARGET:ro",
    }),
  ),
  allowPrivate: Type.Optional(
    Type.Boolean({
      description: "The url's name may lead to a private address; an address written as such, or localhost, always may",
    }),
  ),
  tls: Type.Optional(tls),
  oauth: Type.Optional(oauth),
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
    { header: "HEALTH", value: (s) => String(s.status?.["health"] ?? "") },
    { header: "TOOLS", value: (s) => String(s.status?.["tools"] ?? "") },
    { header: "DESCRIPTION", value: (s) => String(s["description"] ?? "") },
  ],
  wide: [
    { header: "PROTOCOL", value: (s) => String(s.status?.["protocol"] ?? "") },
    { header: "BREAKER", value: (s) => (s.status?.["breaker"] as { state: string } | undefined)?.state ?? "" },
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
    "containerPath",
    "url",
    "headers",
    "env",
    "cwd",
    "memoryMiB",
    "cpus",
    "openFiles",
    "processes",
    "user",
    "readOnly",
    "network",
    "volumes",
    "allowPrivate",
    "tls",
    "oauth",
    "healthCheck",
  ],
  normalize: (input) => {
    const given = input["transport"];
    const isServed = input["url"] !== undefined || input["containerPort"] !== undefined;
    const transport = given ?? (isServed ? "http" : "stdio");
    // The default is not kept: what was never said and what was said to be so compare equal.
    const { protocol, ...rest } = input;
    const said = protocol === undefined || protocol === "auto" ? {} : { protocol };
    return {
      ...rest,
      ...said,
      transport: typeof transport === "string" ? (transports[transport] ?? transport) : transport,
    };
  },
  check: (server) => [...checkWay(server), ...checkPackage(server), ...checkValues(server), ...checkTrust(server)],
  references: (server) => [
    ...secretRefs("env", server.env),
    ...secretRefs("headers", server.headers),
    ...secretRef("/tls/key", server.tls?.key),
    ...secretRef("/oauth/clientSecret", server.oauth?.clientSecret),
  ],
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

/** What a field says something about. Those that stand here are of no use to others, and a sign that something else was meant. */
const goesOnlyWith: Partial<Record<keyof ServerFields, readonly (typeof ways)[number][]>> = {
  args: ["packageName", "image"],
  runtime: ["packageName"],
  containerPort: ["image"],
  containerPath: ["image"],
  headers: ["url"],
  env: ["command", "packageName", "image"],
  cwd: ["command", "packageName", "image"],
  start: ["command", "packageName", "image"],
  memoryMiB: ["command", "packageName", "image"],
  cpus: ["command", "packageName", "image"],
  openFiles: ["command", "packageName", "image"],
  processes: ["command", "packageName", "image"],
  user: ["command", "packageName", "image"],
  readOnly: ["image"],
  network: ["image"],
  volumes: ["image"],
  allowPrivate: ["url"],
  tls: ["url"],
  oauth: ["url"],
};

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
  const [way] = given;
  for (const [field, goesWith] of Object.entries(goesOnlyWith) as [keyof ServerFields, readonly string[]][]) {
    if (server[field] === undefined || (way !== undefined && goesWith.includes(way))) continue;
    const message =
      server.url !== undefined && !goesWith.includes("url")
        ? "a server reached by url has no process of ours"
        : `goes only with ${goesWith.join(" or ")}`;
    errors.push({ path: `/${field}`, message });
  }
  if (server.idleStopSeconds !== undefined && server.start !== "lazy")
    errors.push({ path: "/idleStopSeconds", message: "goes only with start: lazy, which starts it again" });
  if (server.url !== undefined) {
    if (!URL.canParse(server.url)) errors.push({ path: "/url", message: "is not an address" });
    if (server.transport === "stdio") errors.push({ path: "/transport", message: "a url is reached by http or sse" });
    if (server.transport === "sse" && server.protocol === "modern")
      errors.push({ path: "/protocol", message: "the sse transport exists in the legacy era only" });
  } else errors.push(...checkTransport(server, String(way)));
  return errors;
}

function checkTransport({ transport, containerPort, containerPath, network }: ServerFields, way: string) {
  const errors: { path: string; message: string }[] = [];
  if (containerPort === undefined) {
    if (transport !== "stdio")
      errors.push({
        path: "/transport",
        message: way === "image" ? "needs containerPort, the port that the image serves on" : `${way} speaks stdio`,
      });
    if (containerPath !== undefined) errors.push({ path: "/containerPath", message: "goes only with containerPort" });
    return errors;
  }
  if (transport === "stdio") errors.push({ path: "/containerPort", message: "goes only with transport http or sse" });
  if (network === "none") errors.push({ path: "/network", message: "none has no containerPort to be reached at" });
  return errors;
}

/** uvx knows one version, or the newest. */
const checkPackage = ({ packageName = "", runtime }: ServerFields) =>
  runtime === "python" && (packageName.startsWith("@") || /@[\^~]/.test(packageName))
    ? [{ path: "/packageName", message: "a python package is written name, name@1.2.3 or name@latest" }]
    : [];

function checkValues(server: ServerFields) {
  return (["env", "headers"] as const).flatMap((field) =>
    (server[field] ?? []).flatMap((entry, index) =>
      (entry.value === undefined) === (entry.valueFrom === undefined)
        ? [{ path: `/${field}/${index}`, message: "give either value or valueFrom" }]
        : [],
    ),
  );
}

/** What of `tls` and `oauth` cannot be meant so. */
function checkTrust({ url, headers = [], tls, oauth }: ServerFields) {
  const errors: { path: string; message: string }[] = [];
  if (oauth !== undefined) {
    const at = headers.findIndex(({ name }) => name.toLowerCase() === "authorization");
    if (at >= 0) errors.push({ path: `/headers/${at}`, message: "is what oauth gives: keep one of the two" });
    if (!URL.canParse(oauth.tokenUrl)) errors.push({ path: "/oauth/tokenUrl", message: "is not an address" });
  }
  if (tls === undefined) return errors;
  if (url?.startsWith("https://") !== true) errors.push({ path: "/tls", message: "goes only with a url of https" });
  for (const field of ["ca", "certificate"] as const) {
    if (tls[field]?.includes("-----BEGIN CERTIFICATE-----") === false)
      errors.push({ path: `/tls/${field}`, message: "is no certificate in PEM: -----BEGIN CERTIFICATE-----" });
  }
  if ((tls.certificate === undefined) !== (tls.key === undefined))
    errors.push({ path: "/tls", message: "give certificate and key together" });
  return errors;
}

const secretRefs = (field: string, entries: readonly Valued[] = []): Reference[] =>
  entries.flatMap(({ valueFrom }, index) => secretRef(`/${field}/${index}/valueFrom`, valueFrom));

const secretRef = (path: string, from: Static<typeof SecretRef> | undefined): Reference[] =>
  from === undefined ? [] : [{ plural: "secrets", name: from.secretRef.name, path: `${path}/secretRef/name` }];
