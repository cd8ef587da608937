import { Ending } from "../../lib/ending.ts";
import type { ServerEvent } from "../../lib/event-reader.ts";
import { EventStream } from "../../lib/event-stream.ts";
import { within } from "../../lib/wait.ts";
import { endingAfter } from "../../lib/wheel.ts";
import { longestLine, type ServerLimits } from "../../resources/limits.ts";
import type { Text } from "../json-rpc.ts";
import { Absent, Beyond, Overlong, unavailable } from "./failures.ts";
import { asProblem, beyondOfStream, isEventStream, refusalOf } from "./http.ts";
import { accepts, type HttpClient, type HttpTarget, httpClient } from "./http-client.ts";
import { type Answer, each } from "./http1/answer.ts";
import type { Ear, Wire } from "./wire.ts";

/** All answers come on one stream, and what is done with each counts as time of its own. */
const shareOfAll = 0.5;

/**
 * HTTP with SSE, the transport of 2024-11-05: one stream for all that the server says, whose first event names where messages are POSTed.
 * @throws Problem `unavailable`
 */
export async function openSseWire(target: HttpTarget, limits: ServerLimits): Promise<Wire> {
  const http = httpClient(target, limits);
  const closing = new Ending();
  const initializeMs = limits.initializeSeconds * 1000;
  try {
    const fields = http.fields({ accept: accepts.get });
    const answer = await within(initializeMs, http.reach({ method: "GET", fields, ending: closing, opens: true }));
    if (answer === undefined) throw new Absent("the server opened no event stream in time");
    if (!isEventStream(answer)) throw refusalOf(answer);
    const events = eventsIn(answer, limits);
    const first = await within(initializeMs, events.first);
    if (first?.event !== "endpoint") throw unavailable("the server's event stream names no endpoint");
    return sseWire(http.at(endpointOf(http.url, first.data)), events, closing, limits.connectSeconds * 1000);
  } catch (error) {
    closing.end();
    throw error;
  }
}

type Events = { first: Promise<ServerEvent | undefined>; read: (ear: Ear) => Promise<void> };

/** The first event, and what comes behind it to whoever reads on; until then no more is read. */
function eventsIn(answer: Answer, limits: ServerLimits): Events {
  const first = Promise.withResolvers<ServerEvent | undefined>();
  const hearing = Promise.withResolvers<void>();
  let ear: Ear | undefined;
  let isFirst = true;
  const hand = (event: ServerEvent): Promise<void> | undefined => {
    if (isFirst) {
      isFirst = false;
      first.resolve(event);
      return hearing.promise;
    }
    return event.event === "message" && event.data !== "" ? ear?.receive(event.data) : undefined;
  };
  const stream = new EventStream(longestLine(limits), beyondOfStream, { event: hand }, shareOfAll);
  const reading = each(answer, (bytes) => stream.take(bytes));
  reading.then(() => first.resolve(undefined), first.reject);
  first.promise.catch(() => {});
  return {
    first: first.promise,
    read(next) {
      ear = next;
      hearing.resolve();
      return reading;
    },
  };
}

/** Elsewhere our headers, credentials included, would go to somebody else. */
function endpointOf(url: URL, data: string): string {
  const endpoint = URL.canParse(data, url) ? new URL(data, url) : undefined;
  if (endpoint === undefined || endpoint.origin !== url.origin)
    throw unavailable("the server names an endpoint of another origin, which is not used");
  return endpoint.href;
}

function sseWire(endpoint: HttpClient, events: Events, closing: Ending, connectMs: number): Wire {
  const fields = endpoint.fields({ accept: accepts.post, "content-type": "application/json" });

  async function post(body: Text, ending: Ending): Promise<void> {
    const answer = await endpoint.reach({ fields, body, ending });
    // It is accepted, or it is not: whatever becomes of the rest of this answer, that to the message comes over the stream.
    answer.letGo();
    if (answer.status < 200 || answer.status > 299) throw refusalOf(answer);
  }

  async function read(ear: Ear): Promise<void> {
    try {
      await events.read(ear);
    } catch (error) {
      // That it broke off is an end as well.
      if (error instanceof Beyond) return ear.ended(new Overlong(error.message));
    }
    ear.ended(new Absent("the server's event stream has ended"));
  }

  let ear: Ear;
  return {
    hear(next) {
      ear = next;
      void read(next);
    },
    request({ id, text }) {
      const ending = new Ending();
      post(text, ending).catch((error) => ear.failed(id, asProblem(error, "the server's answer broke off")));
      return { letGo: () => ending.end() };
    },
    post: (text) => post(text, endingAfter(connectMs)),
    cancelsBy: "message",
    close: () => closing.end(),
  };
}
