import { Ending } from "../../lib/ending.ts";
import { sleep } from "../../lib/wait.ts";
import { endingAfter } from "../../lib/wheel.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { Absent, Beyond, SessionForgotten, unavailable } from "./failures.ts";
import { unlessForgotten } from "./forgotten.ts";
import { answerReader, type Hearer, isEventStream, type Resumption } from "./http.ts";
import { accepts, type HttpTarget, httpClient } from "./http-client.ts";
import type { Answer } from "./http1/answer.ts";
import type { Fields } from "./http1/request.ts";
import { nobody, Posting, retryMs, type Way } from "./posting.ts";
import type { Wire } from "./wire.ts";

const longestRetryMs = 60_000;
/** A stream that ends at once and asks for no pause would be taken up again without one. */
const shortestRetryMs = 50;
/** How often a stream that gives nothing is taken up again. */
const fruitlessTries = 5;

/**
 * Streamable HTTP of the legacy era: a session where the server wants one, a stream for each request that is taken up again when it breaks off
 * (`Last-Event-ID`, after exactly the `retry` that was asked for), and one stream for what belongs to no request.
 */
export function legacyHttpWire(target: HttpTarget, limits: ServerLimits): Wire {
  const http = httpClient(target, limits);
  const reader = answerReader(limits);
  const { messageBytes } = limits;
  const connectMs = limits.connectSeconds * 1000;
  let version: string | undefined;
  let session: string | undefined;
  let listening = new Ending();
  /** Of each POST, until version or session change. */
  let posted: Fields | undefined;

  const fields = (more: Record<string, string>): Fields =>
    http.fields({
      ...(version === undefined ? {} : { "mcp-protocol-version": version }),
      ...(session === undefined ? {} : { "mcp-session-id": session }),
      ...more,
    });
  const postFields = (): Fields => {
    posted ??= fields({ accept: accepts.post, "content-type": "application/json" });
    return posted;
  };
  const inSession = (id: string | undefined): void => {
    session = id;
    posted = undefined;
  };
  const began = (answer: Answer, { opens }: Posting): void => {
    if (opens) inSession(answer.header("mcp-session-id"));
  };
  const way: Way = { http, reader, ear: nobody, fieldsOf: postFields, began, judged, goOn };

  async function judged(answer: Answer, { id, session: used }: Posting): Promise<Answer> {
    const known = used === undefined ? answer : await unlessForgotten(answer, messageBytes, id);
    if (known === undefined) throw new SessionForgotten();
    return known;
  }

  async function goOn(posting: Posting, failure: unknown): Promise<void> {
    const { id, lastEventId } = posting;
    if (failure !== undefined && (lastEventId === undefined || failure instanceof Beyond)) throw failure;
    if (!way.ear.waits(id)) return;
    if (lastEventId !== undefined) way.ear.paused(id, posting.retryMs);
    await resume(posting);
  }

  /** @throws Problem when there is nothing to go on from, or going on gives nothing */
  async function resume(posting: Posting): Promise<void> {
    const { id, ending } = posting;
    for (let tries = 0; tries < fruitlessTries && posting.lastEventId !== undefined; tries++) {
      await sleep(Math.min(Math.max(posting.retryMs, shortestRetryMs), longestRetryMs), ending.signal);
      if (ending.hasEnded) return;
      const before: string | undefined = posting.lastEventId;
      const response = await takeUp(posting, ending).catch(() => undefined);
      if (response === undefined) continue;
      if (!isEventStream(response)) {
        response.letGo();
        throw unavailable(`the server does not take up its stream again: HTTP ${response.status}`);
      }
      await posting.hear(response).catch((error: unknown) => {
        // Taken up again, it would begin with the same event.
        if (error instanceof Beyond) throw error;
      });
      if (!way.ear.waits(id)) return;
      if (posting.lastEventId !== before) tries = -1;
    }
    throw new Absent("the server's event stream ended without an answer");
  }

  const takeUp = ({ lastEventId }: Resumption, ending: Ending): Promise<Answer> => {
    const from = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    return http.reach({ method: "GET", fields: fields({ accept: accepts.get, ...from }), ending });
  };

  /** Until the conversation or its session ends; a server that has no such stream says so at once (405). */
  async function listen(ending: Ending, onForgotten: () => void): Promise<void> {
    const at: Hearer = {
      lastEventId: undefined,
      retryMs,
      heard: (data) => way.ear.receive(data),
      over: () => {},
    };
    let hasOpened = false;
    for (let failures = 0; !ending.hasEnded; ) {
      const response = await takeUp(at, ending).catch(() => undefined);
      if (response !== undefined && !isEventStream(response)) {
        const known = await unlessForgotten(response, messageBytes).catch(() => response);
        known?.letGo();
        // A server without this stream may say 404 too: a session that is new is not forgotten, and opening another would never end.
        if (known === undefined && session !== undefined && hasOpened) return onForgotten();
        if (response.status < 500) return;
      }
      const isOpen = response !== undefined && isEventStream(response);
      hasOpened ||= isOpen;
      failures = isOpen ? 0 : failures + 1;
      if (isOpen) await heardOut(response, at);
      const pauseMs = Math.max(at.retryMs, shortestRetryMs) * 2 ** Math.min(failures, 6);
      await sleep(Math.min(pauseMs, longestRetryMs), ending.signal);
    }
  }

  /** Until it ends or breaks off. */
  const heardOut = (response: Answer, at: Hearer): Promise<void> =>
    new Promise((resolve) => {
      at.over = () => resolve();
      reader.readStream(response, at);
    });

  async function post(text: string): Promise<void> {
    const answer = await http.reach({ fields: postFields(), body: text, ending: endingAfter(connectMs) });
    answer.letGo();
  }

  return {
    hear(ear) {
      way.ear = ear;
    },
    request(sending) {
      const opens = sending.method === "initialize";
      if (opens) inSession(undefined);
      return new Posting(way, sending, opens, session).send(sending);
    },
    post,
    cancelsBy: "message",
    agreed(protocolVersion) {
      version = protocolVersion;
      posted = undefined;
    },
    listen(onForgotten) {
      listening.end();
      listening = new Ending();
      void listen(listening, onForgotten);
    },
    close() {
      listening.end();
      if (session === undefined) return;
      const asked = {
        method: "DELETE",
        fields: fields({ accept: accepts.get }),
        ending: endingAfter(connectMs),
      } as const;
      void http.reach(asked).then(
        (answer) => answer.letGo(),
        () => {},
      );
    },
  };
}
