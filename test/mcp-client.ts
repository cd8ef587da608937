// Clients of both eras as they are on the wire, without an SDK: they hear and answer what a server says meanwhile.
import { metaKeys, modernVersion } from "../src/mcp/protocol.ts";
import { eventsOf } from "./events.ts";
import type { World } from "./world.ts";

// biome-ignore lint/suspicious/noExplicitAny: messages of every shape.
export type Wire = any;
export type Answerer = (method: string, params: Wire) => object;

type Options = {
  path?: string;
  capabilities?: object;
  answer?: Answerer;
  logLevel?: string;
};

/** One client, whatever its era. `heard` is all that it was told besides answers. */
export type TestClient = {
  heard: Wire[];
  asked: Wire[];
  request: (
    method: string,
    params?: Wire,
    options?: { signal?: AbortSignal; progressToken?: unknown },
  ) => Promise<Wire>;
  /** A notification of the client's own. */
  tell: (method: string) => Promise<void>;
  /** From now on changes are told: of the lists, and of these resources. */
  listen: (resources?: readonly string[]) => Promise<void>;
  close: () => void;
};

const accept = "application/json, text/event-stream";

/** The messages of an event stream or of a JSON body, as they come. */
async function* messagesOf(response: Response): AsyncGenerator<Wire> {
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    const text = await response.text();
    if (text !== "") yield JSON.parse(text);
    return;
  }
  for await (const { data } of eventsOf(response)) if (data !== "") yield JSON.parse(data);
}

/** A legacy client with a session. */
export async function legacyClient(
  w: Pick<World, "fetch" | "url">,
  token: string,
  options: Options = {},
): Promise<TestClient> {
  const { path = "/mcp", capabilities = {}, answer = () => ({}), logLevel } = options;
  const heard: Wire[] = [];
  const asked: Wire[] = [];
  const closing = new AbortController();
  let session = "";
  let nextId = 1;

  const post = async (body: object, signal?: AbortSignal) =>
    await w.fetch(
      new Request(w.url + path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept,
          ...(session === "" ? {} : { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" }),
        },
        body: JSON.stringify({ jsonrpc: "2.0", ...body }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );

  async function take(message: Wire): Promise<void> {
    if (message.method === undefined) return;
    if (message.id === undefined) return void heard.push(message);
    asked.push(message);
    await post({ id: message.id, result: answer(message.method, message.params) });
  }

  async function request(
    method: string,
    params: Wire = {},
    { signal, progressToken }: { signal?: AbortSignal; progressToken?: unknown } = {},
  ) {
    const id = nextId++;
    const sent = progressToken === undefined ? params : { ...params, _meta: { ...params._meta, progressToken } };
    signal?.addEventListener(
      "abort",
      () => void post({ method: "notifications/cancelled", params: { requestId: id } }),
    );
    for await (const message of messagesOf(await post({ id, method, params: sent }))) {
      if (message.id === id && message.method === undefined) return message;
      await take(message);
    }
    throw new Error(`no answer to ${method}`);
  }

  const initialize = { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "raw", version: "1" } };
  const response = await post({ id: 0, method: "initialize", params: initialize });
  session = response.headers.get("mcp-session-id") ?? "";
  await post({ method: "notifications/initialized" });
  if (logLevel !== undefined) await request("logging/setLevel", { level: logLevel });
  return {
    heard,
    asked,
    request,
    tell: async (method) => void (await post({ method })),
    async listen(resources = []) {
      for (const uri of resources) {
        const { error } = await request("resources/subscribe", { uri });
        if (error !== undefined) throw new Error(error.message);
      }
      const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream", "mcp-session-id": session };
      const stream = await w.fetch(new Request(w.url + path, { headers, signal: closing.signal }));
      void (async () => {
        for await (const message of messagesOf(stream)) await take(message);
      })().catch(() => {});
    },
    close: () => closing.abort(),
  };
}

/** A modern client: it answers `input_required` by asking again. */
export async function modernClient(
  w: Pick<World, "fetch" | "url">,
  token: string,
  options: Options = {},
): Promise<TestClient> {
  const { path = "/mcp", capabilities = {}, answer = () => ({}), logLevel } = options;
  const heard: Wire[] = [];
  const asked: Wire[] = [];
  const closing = new AbortController();
  let nextId = 1;

  async function post(id: number, method: string, params: Wire, signal?: AbortSignal): Promise<Response> {
    const name = params.name ?? params.uri ?? params.taskId;
    const _meta = {
      ...params._meta,
      [metaKeys.protocolVersion]: modernVersion,
      [metaKeys.clientCapabilities]: capabilities,
      ...(logLevel === undefined ? {} : { [metaKeys.logLevel]: logLevel }),
    };
    return await w.fetch(
      new Request(w.url + path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept,
          "mcp-protocol-version": modernVersion,
          "mcp-method": method,
          ...(typeof name === "string" && method !== "completion/complete" ? { "mcp-name": name } : {}),
        },
        body: JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  }

  async function request(
    method: string,
    params: Wire = {},
    { signal, progressToken }: { signal?: AbortSignal; progressToken?: unknown } = {},
  ) {
    let sent = progressToken === undefined ? params : { ...params, _meta: { ...params._meta, progressToken } };
    for (let round = 0; round < 10; round++) {
      const id = nextId++;
      let answered: Wire;
      for await (const message of messagesOf(await post(id, method, sent, signal))) {
        if (message.id === id) answered = message;
        else heard.push(message);
      }
      if (answered?.result?.resultType !== "input_required") return answered;
      const { inputRequests = {}, requestState } = answered.result;
      const inputResponses: Record<string, object> = {};
      for (const [key, asking] of Object.entries<Wire>(inputRequests)) {
        asked.push(asking);
        inputResponses[key] = answer(asking.method, asking.params);
      }
      sent = { ...sent, inputResponses, ...(requestState === undefined ? {} : { requestState }) };
    }
    throw new Error(`no end of asking for ${method}`);
  }

  return {
    heard,
    asked,
    request,
    // This era has none besides the one that takes a request back, which closing its stream says as well.
    tell: async () => {},
    async listen(resources = []) {
      const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
      const notifications = { ...lists, ...(resources.length === 0 ? {} : { resourceSubscriptions: resources }) };
      const stream = messagesOf(await post(nextId++, "subscriptions/listen", { notifications }, closing.signal));
      const first = (await stream.next()).value;
      const honoured = first?.params?.notifications?.resourceSubscriptions ?? [];
      if (honoured.length !== resources.length) throw new Error(`not honoured: ${JSON.stringify(first)}`);
      void (async () => {
        for await (const message of stream) heard.push(message);
      })().catch(() => {});
    },
    close: () => closing.abort(),
  };
}
