import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { oneOf, text, words } from "./define.ts";
import { serverLimits } from "./limits.ts";

/** A key of a secret: its value is read when it is needed, and goes nowhere else. */
export const SecretRef = Type.Object({
  secretRef: Type.Object({
    name: Type.String({ description: "The secret's name" }),
    key: Type.String({ description: "The key within the secret" }),
  }),
});

const variableName = Type.String({
  pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
  maxLength: 128,
  description: "The variable, of letters, digits and _",
});
const headerName = Type.String({
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
  maxLength: 128,
  description: "The header, without blanks and colon",
});

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
    serverName: Type.Optional(words("The name that the server's certificate must have", 253)),
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
      description: "Where tokens are given for the client's credentials, as `https://HOST/PATH`",
    }),
    clientId: words("The client as the issuer knows it", 512),
    clientSecret: SecretRef,
    scope: Type.Optional(words("Scopes to ask for, with blanks between", 1024)),
    resource: Type.Optional(words("For which resource (RFC 8707), where the issuer wants to be told", 2048)),
  },
  { description: "A token by the client's credentials (RFC 6749 §4.4), for a url that asks for one" },
);
export type OAuthClient = Static<typeof oauth>;

export const serverFields = Type.Object({
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
      description: "Container image, as `NAME:TAG`, that is there already or can be pulled; needs podman or Docker",
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
      description:
        "Address of a server somebody else runs, as `https://HOST/PATH`; what logs in goes into headers or oauth",
    }),
  ),
  headers: Type.Optional(valued(headerName, "Headers sent to a `url`, in plain sight or from a secret")),
  env: Type.Optional(valued(variableName, "Variables of the process, in plain sight or from a secret")),
  cwd: Type.Optional(words("Working folder of the process", 4096)),
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
    Type.Array(
      Type.String({
        pattern: "^[^:\\s][^:]*:/[^:]*(:ro|:rw)?$",
        maxLength: 4096,
        description: "SOURCE:/TARGET or SOURCE:/TARGET:ro",
      }),
      {
        maxItems: 64,
        description: "Folders or volumes within an image: SOURCE:/TARGET or SOURCE:/TARGET:ro",
      },
    ),
  ),
  allowPrivate: Type.Optional(
    Type.Boolean({
      description: "The url's name may lead to a private address; an address written as such, or localhost, always may",
    }),
  ),
  tls: Type.Optional(tls),
  oauth: Type.Optional(oauth),
});
export type ServerFields = Static<typeof serverFields>;
export type Valued = NonNullable<ServerFields["env"]>[number];
