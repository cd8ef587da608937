import { type Static, Type } from "@sinclair/typebox";
import { defineKind, Name, oneOf, text } from "./define.ts";
import { serverLimits } from "./limits.ts";
import {
  bounds,
  containerAddress,
  containerWalls,
  headerName,
  healthCheck,
  oauth,
  tls,
  valued,
  variableName,
} from "./server-parts.ts";
import { faultsIn, secretsOf } from "./server-rules.ts";

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
  ...containerAddress,
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
  ...bounds,
  user: Type.Optional(
    Type.String({
      pattern: "^[a-z_][a-z0-9_-]*$|^\\d{1,10}(:\\d{1,10})?$",
      maxLength: 64,
      description: "User it runs as, by name or as UID:GID; mcpctl itself must be root, or an image must be run",
    }),
  ),
  ...containerWalls,
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
  check: faultsIn,
  references: secretsOf,
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
