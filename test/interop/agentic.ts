type Answer = { result?: Record<string, unknown>; error?: { code: number; message: string } };

const mostPages = 32;
const mostTools = 128;

/**
 * What vLLM's agentic-api does with a server (reference/clients.md §2.4): Streamable HTTP of 2025-06-18, no redirects, no credentials in the
 * address, all pages of the list. It keeps this client for the life of its process, and knows no way back once the session has ended.
 * @throws in its own words: auth, redirect, SessionExpired
 */
export async function openAgentic(label: string, address: string, headers: Record<string, string>) {
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") throw new Error("credentials in the address are refused");
  let session: string | undefined;
  let version: string | undefined;
  let nextId = 1;

  const of = (own: Record<string, string>) => ({
    ...headers,
    ...own,
    ...(version === undefined ? {} : { "mcp-protocol-version": version }),
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  });
  async function post(message: object): Promise<Response> {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: of({ "content-type": "application/json", accept: "application/json, text/event-stream" }),
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

  /** It does without where there is none; but where there is one its head comes at once, or the client hangs. */
  async function askForStream(): Promise<number> {
    const stop = new AbortController();
    const late = Bun.sleep(3_000).then(() => {
      throw new Error("the stream's head did not come within 3 s");
    });
    const asked = fetch(url, { redirect: "manual", headers: of({ accept: "text/event-stream" }), signal: stop.signal });
    try {
      return (await Promise.race([asked, late])).status;
    } finally {
      late.catch(() => {});
      asked.catch(() => {});
      stop.abort();
    }
  }

  const clientInfo = { name: "agentic-api", version: "0.8.0" };
  const opened = await request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
  version = String(opened["protocolVersion"]);
  await post({ method: "notifications/initialized" });
  const streamStatus = await askForStream();

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
