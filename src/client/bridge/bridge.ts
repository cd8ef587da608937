import { beginningOf, boundedText } from "../../lib/bounded-text.ts";
import { eventsOf } from "../../lib/event-stream.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf as wordsOf } from "../../lib/problem.ts";
import { sleep, within } from "../../lib/wait.ts";
import { notification } from "../../mcp/json-rpc.ts";
import { codes } from "../../mcp/protocol.ts";
import { oneLine } from "../../mcp/spans.ts";
import { brokenOff, createDelivery, type Door, Unanswered } from "./delivery.ts";
import { listen } from "./listening.ts";
import { answeredBy, isRepeatable, type Message, messageOf } from "./message.ts";
import { createMirror } from "./mirror.ts";
import { refusal, refused, unanswered } from "./replies.ts";

/** Who speaks MCP a line at a time: a desktop client's standard input and output. */
export type Speaker = {
  /** Each line of the client's; undefined for one that is too long. */
  lines: AsyncIterable<string | undefined>;
  /** Resolves once the line was taken, so that a client that reads slowly slows the gateway down. */
  say: (line: string) => Promise<void>;
};

const bounds = {
  /** Requests of the client under way at once. */
  inFlight: 256,
  messageBytes: 64 * 1024 * 1024,
  /** Of what is no MCP, such as a problem. */
  refusalBytes: 64 * 1024,
  /** How often what may be asked again is, and a stream that broke taken up. */
  tries: 3,
  againMs: 250,
  goodbyeMs: 1_000,
} as const;

/** Legacy: what the gateway opened, and the request that opened it, to open another like it. */
type Session = { id: string | undefined; version: string | undefined; opening: Message };
type Said = { text: string; id?: string | undefined };

/**
 * Carries MCP between a client that speaks over standard input and output and one endpoint of the gateway, in whichever era the client speaks.
 * A restart of the gateway is bridged: what reached nobody is sent again, a session that is forgotten is opened anew, and a call of which nobody
 * knows whether it was carried out is answered with an error that says so.
 * @returns once the client has ended its input and every request is answered
 */
export async function bridge({ lines, say }: Speaker, door: Door): Promise<void> {
  const send = createDelivery(door);
  const mirror = createMirror();
  const ended = new AbortController();
  /** By the id's text: what is under way, and how to let go of it. */
  const running = new Map<string, { message: Message; letGo: AbortController }>();
  const work = new Set<Promise<void>>();
  let session: Session | undefined;
  let isReady = false;
  let renewing: Promise<void> | undefined;
  let listening = new AbortController();

  const sessionHeaders = (): Record<string, string> => ({
    ...(session?.version === undefined ? {} : { "mcp-protocol-version": session.version }),
    ...(session?.id === undefined ? {} : { "mcp-session-id": session.id }),
  });

  async function post(message: Message, signal: AbortSignal): Promise<Response> {
    const isOpening = message.method === "initialize";
    const headers = message.modernVersion !== undefined ? mirror.headers(message) : isOpening ? {} : sessionHeaders();
    const response = await send({ method: "POST", headers, body: message.text, signal });
    if (isOpening && response.ok)
      session = { id: response.headers.get("mcp-session-id") ?? undefined, version: undefined, opening: message };
    return response;
  }

  /** Looks at the answer to a request before it is handed on: what it says of the session, or of the tools. */
  function learn({ method, modernVersion }: Message, text: string): void {
    if (method === "initialize" && session !== undefined) {
      const version = resultIn(text)["protocolVersion"];
      session.version = typeof version === "string" ? version : undefined;
    } else if (method === "tools/list" && modernVersion !== undefined) mirror.learn(resultIn(text));
  }

  /** A session like the one that the gateway forgot. The client notices nothing. @throws Unanswered */
  async function renew(): Promise<void> {
    if (session === undefined) return;
    const { opening } = session;
    const response = await post(opening, ended.signal);
    if (!response.ok) throw new Unanswered("mcpctl does not open the session again", true);
    for await (const { text } of saidIn(response)) if (answeredBy(text) === opening.id) learn(opening, text);
    if (isReady) await tell(ready);
  }

  const renewed = (): Promise<void> => {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };

  /** The same, once more with a session of its own where the gateway has forgotten the one it was sent with. */
  async function posted(message: Message, signal: AbortSignal): Promise<Response> {
    const used = session?.id;
    const response = await post(message, signal);
    const isForgotten = response.status === 404 && used !== undefined && message.modernVersion === undefined;
    if (!isForgotten || message.method === "initialize") return response;
    await response.body?.cancel();
    if (session?.id === used) await renewed();
    return await post(message, signal);
  }

  /** Hands on what the gateway says until the request is answered. Answers whether it was. @throws Unanswered when it breaks off */
  async function pass(message: Message, response: Response, at: Said, signal: AbortSignal): Promise<boolean> {
    const used = streamOf(at.id);
    for await (const { text, id } of saidIn(response)) {
      // A gateway that was started anew knows nothing of a stream that broke, and gives another.
      if (used !== undefined && id !== undefined && streamOf(id) !== used) return false;
      at.id = id ?? at.id;
      const line = oneLine(text).trim();
      if (line === "") continue;
      signal.throwIfAborted();
      const isAnswer = answeredBy(line) === message.id;
      if (isAnswer) learn(message, line);
      // So a gateway that is stopped lets its subscribers go; this one is wanted as long as the client says.
      if (isAnswer && message.method === lasting && "result" in (parsedJson(line) as object)) return false;
      await say(line);
      if (isAnswer) return true;
    }
    return false;
  }

  /** @throws Unanswered */
  async function ask(message: Message, signal: AbortSignal): Promise<void> {
    const response = await posted(message, signal);
    if (!isAnswer(response)) {
      const { text } = await beginningOf(response, bounds.refusalBytes);
      signal.throwIfAborted();
      return await say(refused(message, response.status, parsedJson(text)));
    }
    const at: Said = { text: "" };
    const broke = (error: unknown) => {
      // There is something to go on from.
      if (at.id === undefined) throw error;
      return false;
    };
    if (await pass(message, response, at, signal).catch(broke)) return;
    for (let tries = 0; at.id !== undefined && tries < bounds.tries; tries++) {
      await sleep(bounds.againMs, signal);
      signal.throwIfAborted();
      const headers = { ...sessionHeaders(), "last-event-id": at.id };
      // At once or never: a gateway that is gone has lost the stream.
      const next = await send({ method: "GET", headers, signal, patient: false });
      if (next.ok && (await pass(message, next, at, signal).catch(() => false))) return;
    }
    throw new Unanswered(brokenOff, false);
  }

  async function carry(message: Message, signal: AbortSignal): Promise<void> {
    const { method = "" } = message;
    for (let tries = 1; ; tries++) {
      try {
        return await ask(message, signal);
      } catch (error) {
        if (signal.aborted) return;
        // A subscription that breaks is opened again for as long as the client wants it.
        const isLasting = method === lasting;
        const isUnsent = error instanceof Unanswered && error.isUnsent;
        if (!isLasting && (isUnsent || !isRepeatable(method) || tries >= bounds.tries))
          return await say(unanswered(message, error));
        await sleep(bounds.againMs, signal);
      }
    }
  }

  /** What is only told, or answers the gateway: one after the other, so that `initialized` is there before what follows. */
  async function tell(message: Message): Promise<void> {
    const isTaking = message.method === "notifications/cancelled";
    const taken = isTaking ? running.get(JSON.stringify(message.params["requestId"])) : undefined;
    // Over HTTP a modern client takes a request back by closing its stream.
    if (taken?.message.modernVersion !== undefined) return taken.letGo.abort();
    await (await posted(message, ended.signal)).body?.cancel();
    // One that was taken back is never answered: nobody waits for it any more.
    taken?.letGo.abort();
    if (message.method === ready.method) hearken();
  }

  /** The stream of what belongs to no request. */
  function hearken(): void {
    isReady = true;
    listening.abort();
    listening = new AbortController();
    void listen({
      open: (headers, signal) => send({ method: "GET", headers: { ...sessionHeaders(), ...headers }, signal }),
      said: saidIn,
      hear: async (text) => {
        const line = oneLine(text).trim();
        if (line !== "") await say(line);
      },
      forgotten: renewed,
      signal: AbortSignal.any([listening.signal, ended.signal]),
    });
  }

  async function take(line: string): Promise<void> {
    const message = messageOf(line);
    if (message === undefined) return await say(refusal(undefined, codes.parse, "The line is not JSON"));
    const { id, method } = message;
    // What the gateway says of it would be about nothing that anybody asked.
    if (id === undefined && method === undefined)
      return await say(refusal(undefined, codes.invalidRequest, "The line is no JSON-RPC message; batches are none"));
    if (id === undefined || method === undefined)
      return await tell(message).catch((error: unknown) => door.tell(wordsOf(error)));
    if (running.size >= bounds.inFlight)
      return await say(refusal(id, codes.busy, `Over ${bounds.inFlight} requests are under way`));
    if (running.has(id)) return await say(refusal(id, codes.invalidRequest, "Another request of this id is under way"));
    const letGo = new AbortController();
    running.set(id, { message, letGo });
    const one = carry(message, AbortSignal.any([letGo.signal, ended.signal])).finally(() => {
      running.delete(id);
      work.delete(one);
    });
    work.add(one);
    // What follows needs the session that this one opens.
    if (method === "initialize") await one;
  }

  for await (const line of lines) {
    if (line === undefined) await say(refusal(undefined, codes.invalidRequest, "The line is too long"));
    else if (line.trim() !== "") await take(line);
  }
  // It has no end of its own.
  for (const { message, letGo } of running.values()) if (message.method === lasting) letGo.abort();
  await Promise.allSettled(work);
  ended.abort();
  if (session?.id === undefined) return;
  const farewell = {
    method: "DELETE",
    headers: sessionHeaders(),
    signal: AbortSignal.timeout(bounds.goodbyeMs),
  } as const;
  await within(
    bounds.goodbyeMs,
    send({ ...farewell, patient: false }).catch(() => {}),
  );
}

const lasting = "subscriptions/listen";

const ready: Message = {
  text: notification("notifications/initialized", "{}"),
  id: undefined,
  method: "notifications/initialized",
  params: {},
  modernVersion: undefined,
};

/** The event ids of the gateway are `stream.place`. */
const streamOf = (eventId: string | undefined): string | undefined => eventId?.split(".")[0];

function resultIn(text: string): Record<string, unknown> {
  const body = parsedJson(text);
  return isObject(body) && isObject(body["result"]) ? body["result"] : {};
}

const isStream = ({ headers }: Response): boolean => /text\/event-stream/.test(headers.get("content-type") ?? "");

/** Whether MCP speaks there: problems and pages of proxies have other types, or are no JSON-RPC. */
const isAnswer = (response: Response): boolean =>
  isStream(response) || /^application\/json\b/.test(response.headers.get("content-type") ?? "");

/** The messages of an answer, as its events or as its body. @throws Unanswered when it breaks off */
async function* saidIn(response: Response): AsyncGenerator<Said> {
  try {
    if (!isStream(response)) {
      const text = await boundedText(response, bounds.messageBytes);
      if (text === undefined) throw tooMuch("bytes", bounds.messageBytes);
      yield { text };
    } else if (response.body !== null)
      for await (const { data, id } of eventsOf(response.body, bounds.messageBytes, tooMuch, 1))
        yield { text: data, id };
  } catch (error) {
    throw new Unanswered(brokenOff, false, error);
  }
}

const tooMuch = (of: string, most: number) => new Error(`a message of over ${most} ${of}`);
