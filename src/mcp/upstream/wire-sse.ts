import { eventsOf, type ServerEvent } from "../../lib/event-stream.ts";
import { within } from "../../lib/wait.ts";
import { longestLine, type ServerLimits } from "../../resources/limits.ts";
import { Absent, Beyond, Overlong, unavailable } from "./failures.ts";
import { asProblem, beyondOfStream, isEventStream, refusalOf } from "./http.ts";
import { type HttpClient, type HttpTarget, httpClient } from "./http-client.ts";
import type { Ear, Wire } from "./wire.ts";

/** All answers come on one stream, and what is done with each counts as time of its own. */
const shareOfAll = 0.5;

/**
 * HTTP with SSE, the transport of 2024-11-05: one stream for all that the server says, whose first event names where messages are POSTed.
 * @throws Problem `unavailable`
 */
export async function openSseWire(target: HttpTarget, limits: ServerLimits): Promise<Wire> {
  const http = httpClient(target, limits);
  const closing = new AbortController();
  const initializeMs = limits.initializeSeconds * 1000;
  try {
    const asked = { method: "GET", headers: {}, signal: closing.signal, opens: true } as const;
    const response = await within(initializeMs, http.reach(asked));
    if (response === undefined) throw new Absent("the server opened no event stream in time");
    if (!isEventStream(response)) throw refusalOf(response);
    const events = eventsOf(response.body, longestLine(limits), beyondOfStream, shareOfAll);
    const first = await within(initializeMs, events.next());
    if (first?.done !== false || first.value.event !== "endpoint")
      throw unavailable("the server's event stream names no endpoint");
    return sseWire(http.at(endpointOf(http.url, first.value.data)), events, closing, limits.connectSeconds * 1000);
  } catch (error) {
    closing.abort();
    throw error;
  }
}

/** Elsewhere our headers, credentials included, would go to somebody else. */
function endpointOf(url: URL, data: string): string {
  const endpoint = URL.canParse(data, url) ? new URL(data, url) : undefined;
  if (endpoint === undefined || endpoint.origin !== url.origin)
    throw unavailable("the server names an endpoint of another origin, which is not used");
  return endpoint.href;
}

function sseWire(
  endpoint: HttpClient,
  events: AsyncGenerator<ServerEvent>,
  closing: AbortController,
  connectMs: number,
): Wire {
  async function post(text: string, signal: AbortSignal): Promise<void> {
    const headers = { "content-type": "application/json" };
    const response = await endpoint.reach({ headers, body: text, signal });
    // It is accepted, or it is not: whatever becomes of the rest of this answer, that to the message comes over the stream.
    await response.body?.cancel().catch(() => {});
    if (!response.ok) throw refusalOf(response);
  }

  async function read(ear: Ear): Promise<void> {
    try {
      for await (const { event, data } of events) if (event === "message" && data !== "") ear.receive(data);
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
      const ending = new AbortController();
      post(text, ending.signal).catch((error) => ear.failed(id, asProblem(error, "the server's answer broke off")));
      return () => ending.abort();
    },
    post: (text) => post(text, AbortSignal.timeout(connectMs)),
    cancelsBy: "message",
    close: () => closing.abort(),
  };
}
