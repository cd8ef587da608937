import { inShort } from "../exchange.ts";
import { isServed } from "../ground.ts";
import { NotHere, tried } from "../row.ts";
import { openLegacy } from "../speaker.ts";
import { inSession, open, type Probe } from "./probe.ts";

const fixed = "mcpctl-probe-0123456789abcdef";

/** What a session's id opens, and for whom. */
export const sessions: readonly Probe[] = [
  {
    id: "MCP-SEC-012",
    sends: "ping in our session, without a credential",
    over: "http",
    tried: tried(
      async (_speaker, ground) => {
        const speaker = inSession(ground);
        if (speaker instanceof NotHere) return speaker;
        return ground.isGuarded ? await speaker.request("ping", undefined, { as: "nobody" }) : open;
      },
      (answer) => (isServed(answer) ? inShort(answer) : undefined),
    ),
  },
  {
    id: "MCP-SEC-013",
    sends: "ping in our session with the token of --other-token",
    over: "http",
    tried: tried(
      async (_speaker, ground) => {
        const speaker = inSession(ground);
        if (speaker instanceof NotHere) return speaker;
        const { otherCredential: as, isGuarded } = ground;
        if (as === undefined) return new NotHere("it takes a second token (--other-token)");
        return isGuarded ? await speaker.request("ping", undefined, { as }) : open;
      },
      (answer) => (isServed(answer) ? inShort(answer) : undefined),
    ),
  },
  {
    id: "MCP-SEC-014",
    sends: "initialize, five times",
    over: "http",
    tried: tried(async (_speaker, ground) => {
      const speaker = inSession(ground);
      if (speaker instanceof NotHere) return speaker;
      const ids = [speaker.session];
      for (let i = 0; i < 5; i++) {
        const opened = await openLegacy(ground.wire, speaker.version);
        if ("speaker" in opened && opened.speaker.session !== undefined) ids.push(opened.speaker.session);
      }
      return ids.length > 2 ? ids : new NotHere("it opened no more sessions");
    }, guessable),
  },
  {
    id: "MCP-SEC-015",
    sends: `initialize with Mcp-Session-Id: ${fixed}`,
    over: "http",
    tried: tried(
      async (_speaker, ground) => {
        const speaker = inSession(ground);
        if (speaker instanceof NotHere) return speaker;
        const { wire } = ground;
        const send: typeof wire.send = (sent) =>
          wire.send({ ...sent, headers: { ...sent.headers, "mcp-session-id": fixed } });
        const opened = await openLegacy({ ...wire, send }, speaker.version);
        return "speaker" in opened ? (opened.speaker.session ?? "") : "";
      },
      (session) => (session === fixed ? `the answer has Mcp-Session-Id: ${fixed}` : undefined),
    ),
  },
  {
    id: "MCP-SEC-016",
    sends: "ping with X-HTTP-Method-Override: DELETE in a session opened for it, then ping in it",
    over: "http",
    tried: tried(
      async (_speaker, ground) => {
        const speaker = inSession(ground);
        if (speaker instanceof NotHere) return speaker;
        const opened = await openLegacy(ground.wire, speaker.version);
        if (!("speaker" in opened)) return new NotHere("it opened no second session");
        const names = ["x-http-method-override", "x-http-method", "x-method-override"];
        const headers = Object.fromEntries(names.map((name) => [name, "DELETE"]));
        const overridden = await opened.speaker.request("ping", undefined, { headers });
        return { overridden, after: await opened.speaker.request("ping") };
      },
      ({ overridden, after }) =>
        overridden.status < 400 && after.status === 404
          ? `the session was gone: ${inShort(overridden)}, then ${inShort(after)}`
          : undefined,
    ),
  },
];

const leastBits = 64;

/** Whether one id tells the next: by what differs between ids that were made one after the other. */
export function guessable(ids: readonly string[]): string | undefined {
  if (new Set(ids).size < ids.length) return "the same id was given twice";
  const shared = (from: (id: string, at: number) => string | undefined): number => {
    const [first = ""] = ids;
    let at = 0;
    while (at < first.length && ids.every((id) => from(id, at) === from(first, at))) at++;
    return at;
  };
  const head = shared((id, at) => id[at]);
  const tail = shared((id, at) => (id.length - 1 - at < head ? undefined : id[id.length - 1 - at]));
  const parts = ids.map((id) => id.slice(head, id.length - tail));
  const longest = Math.max(...parts.map(({ length }) => length));
  const letters = new Set(parts.join("")).size;
  const bits = longest * Math.log2(Math.max(2, letters));
  return bits < leastBits
    ? `${ids.length} ids differ in ${longest} characters: ${ids.slice(0, 3).join(", ")}`
    : undefined;
}
