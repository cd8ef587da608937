import { inShort } from "../exchange.ts";
import { harmless, isServed } from "../ground.ts";
import { NotHere, type Requirement, tried } from "../row.ts";

const both = ["legacy", "modern"] as const;

/** What holds in both eras for the way over HTTP. */
export const overHttp: readonly Requirement[] = [
  {
    id: "MCP-CON-015",
    level: "MUST",
    source: "2025-11-25 basic/transports, 2026-07-28 basic/transports/streamable-http §Sending Messages",
    text: "A notification that is taken is 202 without a body",
    sends: "notifications/cancelled of a request that never was",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.notify("notifications/cancelled", { requestId: "mcpctl-never-was" }),
      (answer) => (answer.status === 202 && answer.text === "" ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-016",
    level: "MUST",
    source: "2025-11-25 basic/transports, 2026-07-28 basic/transports/streamable-http §Sending Messages",
    text: "A request is answered as application/json or text/event-stream",
    sends: "a harmless request",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker)),
      ({ headers }) => {
        const type = headers.get("content-type") ?? "none";
        return /^(application\/json|text\/event-stream)\b/.test(type) ? undefined : `Content-Type: ${type}`;
      },
    ),
  },
  {
    id: "MCP-CON-017",
    level: "SHOULD",
    source: "RFC 9110 §12.5.1",
    text: "A request that accepts neither JSON nor event streams is not answered by them",
    sends: "a harmless request that accepts image/png",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { headers: { accept: "image/png" } }),
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-018",
    level: "SHOULD",
    source: "RFC 9110 §15.5.16",
    text: "A body that is said to be no JSON is not read as JSON",
    sends: "a harmless request as text/plain",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { headers: { "content-type": "text/plain" } }),
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-019",
    level: "SHOULD",
    source: "2025-06-18 changelog §1, 2026-07-28 basic §Messages",
    text: "A batch is refused",
    sends: "an array of two harmless requests",
    eras: both,
    over: "http",
    tried: tried(
      async (speaker, { wire }) => {
        if (speaker.era === "legacy" && speaker.version < "2025-06-18")
          return new NotHere(`${speaker.version} knows batches`);
        const [method, params] = harmless(speaker);
        const body = JSON.stringify([speaker.message(method, params, 1), speaker.message(method, params, 2)]);
        return await wire.send({ headers: speaker.headers(method, params), body });
      },
      (answer) => (answer.status >= 400 && answer.status < 500 ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-022",
    level: "MUST",
    source: "RFC 9110 §11.6.1, 2025-11-25 basic/authorization",
    text: "A 401 says in WWW-Authenticate how to log in",
    sends: "a harmless request without a credential",
    eras: both,
    over: "http",
    tried: tried(
      async (speaker) => {
        const [method, params] = harmless(speaker);
        const answer = await speaker.request(method, params, { as: "nobody" });
        return answer.status === 401 ? answer : new NotHere("it answers no 401");
      },
      ({ headers }) => (headers.get("www-authenticate") === null ? "it has no WWW-Authenticate" : undefined),
    ),
  },
];
