/** One address of the gateway, as it was called: whose project it is, and how it is to look. */
export type Endpoint = {
  /** Undefined at `/mcp`, where the token names its project. */
  project: string | undefined;
  /** One server of the project, with its names and URIs untouched. */
  server?: string;
  /** How it is spoken to: `sse` opens the stream of 2024-11-05, `message` is where its client posts. */
  transport: "streamable" | "sse" | "message";
  /** The `serverInfo.name` that vLLM is to see: it knows three and looks for nothing else (reference/clients.md §2.1). */
  alias?: string;
};

/** For clients that take a tool's schema literally and read no more than the first text of a result. */
export const isFussy = ({ transport }: Endpoint): boolean => transport !== "streamable";

const methods: Record<Endpoint["transport"], readonly string[]> = {
  streamable: ["GET", "POST", "DELETE"],
  sse: ["GET"],
  message: ["POST"],
};

/** What is taken there. Outside of a session there is no stream to GET and nothing to DELETE; HEAD is for nobody (reference/clients.md §3.3). */
export const methodsOf = (transport: Endpoint["transport"], hasSession: boolean): readonly string[] =>
  transport === "streamable" && !hasSession ? methods.message : methods[transport];

const words = "([^/]+)";
const streamable = new RegExp(`^(?:/projects/${words}(?:/servers/${words})?)?/mcp/?$`);
const sse = new RegExp(`^/projects/${words}(?:/vllm/${words})?/sse(/message)?/?$`);

/** The endpoint at this path; a slash at the end is no other address. Undefined when there is none. */
export function endpointAt(path: string): Endpoint | undefined {
  const [isStreamable, project, server] = streamable.exec(path) ?? [];
  if (isStreamable !== undefined)
    return {
      project: decoded(project),
      transport: "streamable",
      ...(server === undefined ? {} : { server: decoded(server) }),
    };
  const [isSse, of, alias, message] = sse.exec(path) ?? [];
  if (isSse === undefined) return undefined;
  return {
    project: decoded(of),
    transport: message === undefined ? "sse" : "message",
    ...(alias === undefined ? {} : { alias: decoded(alias) }),
  };
}

function decoded<T extends string | undefined>(word: T): T {
  try {
    return (word === undefined ? word : decodeURIComponent(word)) as T;
  } catch {
    return word;
  }
}
