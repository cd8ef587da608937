import { within } from "../../lib/wait.ts";
import { longestLine, type ServerLimits } from "../../resources/limits.ts";
import { eventsOf, type ServerEvent } from "./event-stream.ts";
import { Beyond, unavailable } from "./failures.ts";
import { type HttpTarget, isEventStream, reach, refusalOf, withPlainNames } from "./http.ts";
import type { Ear, Wire } from "./wire.ts";

/**
 * HTTP with SSE, the transport of 2024-11-05: one stream for all that the server says, whose first event names where messages are POSTed.
 * @throws Problem `unavailable`
 */
export async function openSseWire(given: HttpTarget, limits: ServerLimits): Promise<Wire> {
  const target = withPlainNames(given);
  const closing = new AbortController();
  const initializeMs = limits.initializeSeconds * 1000;
  try {
    const response = await within(initializeMs, reach(target, { method: "GET", headers: {}, signal: closing.signal }));
    if (response === undefined) throw unavailable("the server opened no event stream in time");
    if (!isEventStream(response)) throw refusalOf(response);
    const events = eventsOf(response.body, longestLine(limits));
    const first = await within(initializeMs, events.next());
    if (first?.done !== false || first.value.event !== "endpoint")
      throw unavailable("the server's event stream names no endpoint");
    return sseWire(
      { ...target, url: endpointOf(target.url, first.value.data) },
      events,
      closing,
      limits.connectSeconds * 1000,
    );
  } catch (error) {
    closing.abort();
    throw error;
  }
}

/** Elsewhere our headers, credentials included, would go to somebody else. */
function endpointOf(url: string, data: string): string {
  const endpoint = URL.canParse(data, url) ? new URL(data, url) : undefined;
  if (endpoint === undefined || endpoint.origin !== new URL(url).origin)
    throw unavailable("the server names an endpoint of another origin, which is not used");
  return endpoint.href;
}

function sseWire(
  endpoint: HttpTarget,
  events: AsyncGenerator<ServerEvent>,
  closing: AbortController,
  connectMs: number,
): Wire {
  async function post(text: string, signal: AbortSignal): Promise<void> {
    const headers = { "content-type": "application/json" };
    const response = await reach(endpoint, { headers, body: text, signal });
    await response.body?.cancel();
    if (!response.ok) throw refusalOf(response);
  }

  async function read(ear: Ear): Promise<void> {
    try {
      for await (const { event, data } of events) if (event === "message" && data !== "") ear.receive(data);
    } catch (error) {
      // That it broke off is an end as well.
      if (error instanceof Beyond) return ear.ended(error);
    }
    ear.ended(unavailable("the server's event stream has ended"));
  }

  let ear: Ear;
  return {
    hear(next) {
      ear = next;
      void read(next);
    },
    request({ id, text }) {
      const ending = new AbortController();
      post(text, ending.signal).catch((why) => ear.failed(id, why));
      return () => ending.abort();
    },
    post: (text) => post(text, AbortSignal.timeout(connectMs)),
    cancelsBy: "message",
    close: () => closing.abort(),
  };
}
