/** What one configured server is to vLLM's agentic-api: a client that is opened once and kept for the life of the process. */
export type AgenticServer = Awaited<ReturnType<typeof openAgentic>>;
type Answer = { result?: Record<string, unknown>; error?: { code: number; message: string } };

const mostPages = 32;
const mostTools = 128;

/**
 * agentic-api's sequence (reference/clients.md §2.4): Streamable HTTP of 2025-06-18, no redirects, no credentials in the address, all pages of
 * the list, and no way back once its session has ended. @throws in its own words: auth, redirect, SessionExpired
 */
export async function openAgentic(label: string, address: string, headers: Record<string, string>) {
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") throw new Error("credentials in the address are refused");
  let session: string | undefined;
  let version: string | undefined;
  let nextId = 1;

  async function post(message: object): Promise<Response> {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        ...headers,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(version === undefined ? {} : { "mcp-protocol-version": version }),
        ...(session === undefined ? {} : { "mcp-session-id": session }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    if (response.status === 401) throw new Error("auth");
    if (response.status === 404 && session !== undefined) throw new Error("SessionExpired");
    if (response.status >= 300 && response.status < 400) throw new Error("redirect");
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    session = response.headers.get("mcp-session-id") ?? session;
    return response;
  }
  async function request(method: string, params: object): Promise<Record<string, unknown>> {
    const { result, error } = await answerIn(await post({ id: nextId++, method, params }));
    if (result === undefined) throw new Error(`${error?.code} ${error?.message}`);
    return result;
  }

  const clientInfo = { name: "agentic-api", version: "0.8.0" };
  const opened = await request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
  version = String(opened["protocolVersion"]);
  await post({ method: "notifications/initialized" });
  // It asks for the stream, and does without where there is none.
  const stop = new AbortController();
  const stream = await fetch(url, {
    redirect: "manual",
    headers: {
      ...headers,
      accept: "text/event-stream",
      "mcp-protocol-version": version,
      ...(session === undefined ? {} : { "mcp-session-id": session }),
    },
    signal: stop.signal,
  });
  const streamStatus = stream.status;
  stop.abort();

  const tools: { name: string }[] = [];
  let cursor: unknown;
  let pages = 0;
  do {
    const page = await request("tools/list", cursor === undefined ? {} : { cursor });
    tools.push(...(page["tools"] as { name: string }[]));
    cursor = page["nextCursor"];
  } while (cursor !== undefined && ++pages < mostPages && tools.length < mostTools);

  return {
    version,
    streamStatus,
    tools,
    /** What a model is shown. */
    names: tools.map(({ name }) => `mcp__${label}__${name.replace(/[^a-zA-Z0-9_-]/g, "_")}`),
    async call(name: string, args: object): Promise<string> {
      const { content, structuredContent } = await request("tools/call", { name, arguments: args });
      const texts = (content as { type: string; text?: string }[]).flatMap(({ type, text = "" }) =>
        type === "text" ? [text] : [],
      );
      return texts.length > 0 ? texts.join("\n") : JSON.stringify(structuredContent);
    },
    /** As if the server had forgotten it. */
    lose: () => {
      session = "gone";
    },
  };
}

async function answerIn(response: Response): Promise<Answer> {
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) return JSON.parse(text) as Answer;
  const messages = text
    .split("\n")
    .flatMap((line) => (line.startsWith("data:") ? [JSON.parse(line.slice(5)) as Answer] : []));
  const answer = messages.find(({ result, error }) => result !== undefined || error !== undefined);
  if (answer === undefined) throw new Error("the stream ended without an answer");
  return answer;
}
