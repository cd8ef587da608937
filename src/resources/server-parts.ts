import { type Static, Type } from "@sinclair/typebox";
import { text } from "./define.ts";

export const SecretRef = Type.Object({
  secretRef: Type.Object({
    name: Type.String({ description: "The secret's name" }),
    key: Type.String({ description: "The key within the secret" }),
  }),
});

export const variableName = Type.String({
  pattern: "^[A-Za-z_][A-Za-z0-9_]*$",
  maxLength: 128,
  description: "The variable",
});
export const headerName = Type.String({
  pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
  maxLength: 128,
  description: "The header",
});

export const valued = (name: typeof variableName, description: string) =>
  Type.Array(
    Type.Object({
      name,
      value: Type.Optional(text("The value, in plain sight", 8192)),
      valueFrom: Type.Optional(SecretRef),
    }),
    { maxItems: 128, description },
  );

export const healthCheck = Type.Object(
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

export const tls = Type.Object(
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

export const oauth = Type.Object(
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

/** Where an image serves HTTP. */
export const containerAddress = {
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
};

/** What a process, or a container, may use. */
export const bounds = {
  memoryMiB: Type.Optional(Type.Integer({ minimum: 16, maximum: 1_048_576, description: "Memory it may use" })),
  cpus: Type.Optional(
    Type.Number({ minimum: 0.05, maximum: 1024, description: "Processors it may use; 0.5 is half of one" }),
  ),
  openFiles: Type.Optional(Type.Integer({ minimum: 16, maximum: 1_048_576, description: "Files it may have open" })),
  processes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: "Processes and threads it may have" }),
  ),
};

/** What an image may reach besides itself. */
export const containerWalls = {
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
};
