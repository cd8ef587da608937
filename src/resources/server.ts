import type { Static } from "@sinclair/typebox";
import { defineKind, Name, type Reference } from "./define.ts";
import { type SecretRef, type ServerFields, serverFields, type Valued } from "./server-fields.ts";
import { checkServer } from "./server-rules.ts";

export type { HealthCheck, OAuthClient, ServerFields, Tls, Valued } from "./server-fields.ts";

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
  fields: serverFields,
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
  formerly: { dockerImage: { field: "image" }, externalUrl: { field: "url" } },
  meaningless: ["repositoryUrl", "projectId", "envTemplate"],
  normalize: (input) => {
    // Each field stays in its place: a backup that is restored and written again must be the same to the byte.
    const fields = { ...input };
    const { command, args, env, protocol, dockerImage, transport: said } = input;
    const isElsewhere = (input["url"] ?? input["externalUrl"]) !== undefined;
    const isServed = isElsewhere || input["containerPort"] !== undefined;
    const transport = said ?? (isServed ? "http" : "stdio");
    fields["transport"] = typeof transport === "string" ? (transports[transport] ?? transport) : transport;
    // What the original calls the command of an image is what its program is given.
    if (dockerImage !== undefined && command !== undefined && args === undefined) {
      fields["args"] = command;
      delete fields["command"];
    }
    // A server elsewhere has an empty list of variables there.
    if (isElsewhere && Array.isArray(env) && env.length === 0) delete fields["env"];
    // The default is not kept: what was never said and what was said to be so compare equal.
    if (protocol === "auto") delete fields["protocol"];
    return fields;
  },
  check: checkServer,
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

const secretRefs = (field: string, entries: readonly Valued[] = []): Reference[] =>
  entries.flatMap(({ valueFrom }, index) => secretRef(`/${field}/${index}/valueFrom`, valueFrom));

const secretRef = (path: string, from: Static<typeof SecretRef> | undefined): Reference[] =>
  from === undefined ? [] : [{ plural: "secrets", name: from.secretRef.name, path: `${path}/secretRef/name` }];
