// What the fixtures can do beyond answering, in either era and over every wire: ask their client, tell of progress, log, changes.
import { listedTool, page, rich, richTool } from "./rich.ts";
import { answer, tools } from "./tools.ts";

export type Message = {
  jsonrpc?: "2.0";
  id?: number | string;
  method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: messages of every shape.
  params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  result?: any;
  error?: { code: number; message: string; data?: unknown };
};
type Say = (message: Message) => void;

const meta = "io.modelcontextprotocol/";
const text = (value: unknown) => ({
  content: [{ type: "text", text: typeof value === "string" ? value : JSON.stringify(value) }],
});
const capabilities = {
  tools: { listChanged: true },
  prompts: {},
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
  extensions: { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } },
};

const plainTools = [
  ...["ask", "later", "progress", "log", "wait", "seen", "change", "touch", "ask-nobody"],
  ...["ask-afterwards", "complete", "ping", "refuse"],
];
const ownTools = plainTools.map((name) => ({ name, inputSchema: { type: "object" } }));

/** An error of the server's own. */
class Refusal extends Error {
  readonly error: NonNullable<Message["error"]>;
  constructor(code: number, message: string, data: unknown) {
    super(message);
    this.error = { code, message, data };
  }
}

/** What a server that goes by its client's abilities offers to those who have them; `progress` it describes otherwise to them. */
const confide = {
  name: "confide",
  description: "Asks who you are",
  inputSchema: { type: "object" },
  annotations: { readOnlyHint: true },
};
export type Varying = { confide: object; progress: string };
export const varying = (): Varying => ({ confide, progress: "tells how it goes" });

/** What a server may be told to ask for, by the tool's argument `for`. */
const questions: Record<string, Message> = {
  form: {
    method: "elicitation/create",
    params: { mode: "form", message: "who?", requestedSchema: { type: "object", properties: {} } },
  },
  page: { method: "elicitation/create", params: { mode: "url", message: "go there", url: "https://example.com/" } },
  sample: { method: "sampling/createMessage", params: { messages: [], maxTokens: 5 } },
  roots: { method: "roots/list" },
};

/**
 * One conversation. Its own ids and progress tokens begin at 0 like everybody's, so that they collide with others as often as they can.
 * `tell` is for what belongs to no request.
 */
export function interactive(name: string, tell: Say, varies?: Varying) {
  const waiting = new Map<number, (answer: Message) => void>();
  const cancelled: unknown[] = [];
  const followed = new Set<string>();
  /** Streams of `subscriptions/listen` by the id of their request. */
  const listens = new Map<number | string, Say>();
  const received: Message[] = [];
  /** What came of questions that belonged to no call. */
  const afterwards: unknown[] = [];
  let declared: unknown;
  let level = "debug";
  let nextId = 0;

  function ask(question: Message, say: Say): Promise<Message> {
    const id = nextId++;
    const { promise, resolve } = Promise.withResolvers<Message>();
    waiting.set(id, resolve);
    const params = { ...question.params, _meta: { progressToken: id, kept: true } };
    say({ jsonrpc: "2.0", id, method: question.method ?? "", params });
    return promise;
  }

  function changed(method: string, params: object = {}): void {
    if (listens.size === 0) tell({ jsonrpc: "2.0", method, params });
    for (const [id, say] of listens)
      say({ jsonrpc: "2.0", method, params: { ...params, _meta: { [`${meta}subscriptionId`]: id } } });
  }

  async function progress(args: Message["params"], { progressToken }: Message["params"], say: Say): Promise<void> {
    for (let n = 1; n <= (args.steps ?? 0); n++) {
      await Bun.sleep(args.ms ?? 1);
      const params = { progressToken, progress: n, message: args.mark };
      say({ jsonrpc: "2.0", method: "notifications/progress", params });
    }
  }

  async function call(tool: string, message: Message, say: Say): Promise<object | undefined> {
    const { arguments: args = {}, _meta = {}, inputResponses, requestState } = message.params;
    const isModern = _meta[`${meta}protocolVersion`] !== undefined;
    switch (tool) {
      case "confide":
        return text((await ask(questions["form"] ?? {}, say)).result ?? { refused: true });
      case "ask": {
        const asked = questions[args.for ?? "form"] ?? {};
        if (!isModern) {
          const { result, error } = await ask(asked, say);
          await progress(args, _meta, say);
          return text(result ?? { refused: true, why: error?.message });
        }
        const round = Number(requestState ?? 0);
        if (round >= (args.rounds ?? 1)) return text(inputResponses?.[`q${round}`] ?? { unanswered: true });
        return {
          resultType: "input_required",
          inputRequests: { [`q${round + 1}`]: asked },
          requestState: String(round + 1),
        };
      }
      case "later":
        return requestState === undefined ? { resultType: "input_required", requestState: "x" } : text("at last");
      case "refuse-client":
        return undefined;
      case "progress":
        await progress({ steps: 2, ...args }, _meta, say);
        return text(`token ${_meta.progressToken}`);
      case "log":
        for (const each of ["debug", "warning"])
          say({ jsonrpc: "2.0", method: "notifications/message", params: { level: each, data: args.mark } });
        await Bun.sleep(args.ms ?? 0);
        return text(level);
      case "wait":
        await Bun.sleep(args.ms);
        return text(args.mark ?? "waited");
      case "seen":
        return text({
          declared,
          _meta,
          cancelled,
          followed: [...followed],
          afterwards,
          methods: received.map(({ method }) => method),
        });
      case "change":
        changed("notifications/tools/list_changed");
        return text("changed");
      case "touch":
        changed("notifications/resources/updated", { uri: args.uri });
        return text("touched");
      case "ask-nobody":
        return text((await ask(questions["form"] ?? {}, tell)).error ?? "answered");
      case "ask-afterwards":
        setTimeout(async () => {
          const { result, error } = await ask(questions["form"] ?? {}, tell);
          afterwards.push(result ?? error?.message);
        }, 30);
        return text("soon");
      case "complete":
        tell({ jsonrpc: "2.0", method: "notifications/elicitation/complete", params: { elicitationId: args.id } });
        return text("told");
      case "ping":
        return text((await ask({ method: "ping" }, say)).result ?? "not answered");
      case "rich":
        return rich(isModern ? { [`${meta}serverInfo`]: { name } } : {});
      case "listed":
        return { content: [], structuredContent: [1, 2] };
      case "refuse":
        throw new Refusal(-32050, "not today", { why: args.mark });
      default:
        return await answer(name, "tools/call", message.params);
    }
  }

  const isAsked = () => (declared as { elicitation?: object } | undefined)?.elicitation !== undefined;

  const plain: { name: string }[] = [...tools, ...ownTools, richTool(name), listedTool];

  function variant({ confide, progress }: Varying): object[] {
    if (!isAsked()) return plain;
    return [...plain.map((tool) => (tool.name === "progress" ? { ...tool, description: progress } : tool)), confide];
  }

  async function resultOf(message: Message, say: Say): Promise<object | undefined> {
    const { method = "", params = {}, id } = message;
    switch (method) {
      case "initialize":
        declared = params.capabilities;
        return {
          protocolVersion: params.protocolVersion,
          capabilities,
          serverInfo: { name, version: "1" },
          instructions: "be kind",
        };
      case "server/discover":
        return {
          resultType: "complete",
          supportedVersions: ["2026-07-28"],
          capabilities,
          ttlMs: 5,
          cacheScope: "public",
        };
      case "logging/setLevel":
        level = params.level;
        return {};
      case "resources/subscribe":
        if (String(params.uri).includes("refused")) return undefined;
        followed.add(params.uri);
        return {};
      case "resources/unsubscribe":
        followed.delete(params.uri);
        return {};
      case "subscriptions/listen":
        for (const uri of params.notifications.resourceSubscriptions ?? []) followed.add(uri);
        say({
          jsonrpc: "2.0",
          method: "notifications/subscriptions/acknowledged",
          params: { notifications: params.notifications },
        });
        listens.set(id ?? "", say);
        return await new Promise(() => {});
      case "tools/list":
        return { tools: varies === undefined ? plain : variant(varies) };
      case "tools/call":
        return await call(params.name, message, say);
      case "resources/list": {
        const { resources = [] } = ((await answer(name, method, params)) ?? {}) as { resources?: object[] };
        const able = varies !== undefined && isAsked() ? [{ uri: `fixture://${name}/able`, name: "able" }] : [];
        return { resources: [...resources, { uri: page(name).uri, name: "page" }, ...able] };
      }
      case "resources/read": {
        if (params.uri === page(name).uri) return { contents: [page(name)] };
        const isModern = params._meta?.[`${meta}protocolVersion`] !== undefined;
        if (String(params.uri).endsWith("/none"))
          throw new Refusal(isModern ? -32602 : -32002, "no such resource", { uri: params.uri });
        return await answer(name, method, params);
      }
      default:
        return await answer(name, method, params);
    }
  }

  return {
    received,
    cancelled,
    followed,
    listens,
    ask: (say: Say) => ask(questions["form"] ?? {}, say),
    changed,
    /** Takes one message; what it says meanwhile and the answer go to `say`. */
    async take(message: Message, say: Say): Promise<void> {
      received.push(message);
      const { id, method, params } = message;
      if (method === undefined) return void waiting.get(Number(id))?.(message);
      if (method === "notifications/cancelled") {
        cancelled.push(params.requestId);
        listens.delete(params.requestId);
      }
      if (id === undefined) return;
      let error: Message["error"] = { code: -32602, message: `no ${method}` };
      const result = await resultOf(message, say).catch((refusal: Refusal) => {
        error = refusal.error;
        return undefined;
      });
      const isModern = params?._meta?.[`${meta}protocolVersion`] !== undefined;
      const stamped = isModern
        ? { resultType: "complete", _meta: { [`${meta}serverInfo`]: { name } }, ...result }
        : result;
      say({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result: stamped }) });
    },
  };
}
