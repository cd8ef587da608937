import { onAbort } from "../../lib/abort.ts";
import { randomBytes } from "../../lib/crypto.ts";
import { errorOutcome, respond } from "../answers.ts";
import { codes } from "../protocol.ts";
import { boundOf, holderOf, ownerOf, type Visit } from "../visit.ts";
import { answerOf, textOf } from "./answer.ts";
import { type EventOut, eventOut, streamHeaders } from "./event-out.ts";
import type { Inbound } from "./inbound.ts";
import type { LegacyDoor } from "./legacy.ts";
import type { Lives } from "./live.ts";
import type { Readers } from "./readers.ts";
import { factsOf, type SessionFacts } from "./session.ts";

type Stream = { facts: SessionFacts; out: EventOut; bound: string; subscribe: (facts: SessionFacts) => void };

/**
 * The transport of 2024-11-05, which vLLM's `--tool-server` speaks (reference/clients.md §2.1): a stream whose first event says where to post,
 * and on which everything is answered. The connection is the session.
 */
export function sseDoor({ legacy, lives, readers }: { legacy: LegacyDoor; lives: Lives; readers: Readers }) {
  const streams = new Map<string, Stream>();
  let isDraining = false;

  function open(visit: Visit): Response {
    const id = randomBytes(18).toString("base64url");
    let unsubscribe = () => {};
    const out = eventOut(readers, {
      onClose: () => {
        streams.delete(id);
        unsubscribe();
        lives.finish(id);
        visit.release();
      },
    });
    streams.set(id, {
      facts: factsOf({}, id),
      out,
      bound: boundOf(visit).join(" "),
      subscribe: (facts) => {
        unsubscribe();
        const live = lives.of(facts, ownerOf(visit), holderOf(visit));
        const say = (text: string) => out.send(text, { event: "message" });
        live.listener = { subject: visit.admission.principal, abilities: facts.abilities, say };
        unsubscribe = legacy.subscribe(visit, live, say, () => {});
      },
    });
    visit.cut.onEnd(() => out.close());
    onAbort(visit.request.signal, () => out.close());
    const path = new URL(visit.request.url).pathname.replace(/\/$/, "");
    // A path, never a whole address: the client knows better than we by which name it reached us.
    out.send(`${path}/message?session=${id}`, { event: "endpoint" });
    return new Response(out.body, { headers: streamHeaders });
  }

  /** One message of a client that has a stream open. The answer goes there; here it is only taken. */
  function take(visit: Visit, inbound: Inbound): Response {
    const id = new URL(visit.request.url).searchParams.get("session") ?? "";
    const stream = streams.get(id);
    if (stream === undefined || stream.bound !== boundOf(visit).join(" ")) {
      visit.release();
      return respond(
        inbound.id,
        errorOutcome(codes.unknownSession, "There is no such stream: open one with GET", undefined, 404),
      );
    }
    const { method } = inbound;
    if (method === "initialize") {
      stream.facts = factsOf(inbound.params, id);
      stream.subscribe(stream.facts);
    }
    if (inbound.id === undefined || method === undefined) {
      legacy.told(visit, stream.facts, inbound);
      visit.release();
    } else answer(visit, inbound, { id: inbound.id, method }, stream);
    return new Response("Accepted", { status: 202 });
  }

  function answer(visit: Visit, inbound: Inbound, asked: { id: string; method: string }, stream: Stream): void {
    const { out, facts } = stream;
    const outlet = { send: (text: string) => out.send(text, { event: "message" }) };
    const live = lives.of(facts, ownerOf(visit), holderOf(visit));
    legacy
      .answerTo({ visit, facts, live, outlet }, inbound, asked)
      .then(
        (outcome) => void outlet.send(textOf(answerOf(asked.id, outcome))),
        () => out.close(),
      )
      .finally(() => {
        visit.release();
        if (isDraining) closeIfIdle(stream);
      });
  }

  function closeIfIdle({ facts, out }: Stream): void {
    if ((lives.find(facts.id)?.running.size ?? 0) === 0) out.close();
  }

  /** Closes each stream as soon as nothing is to be answered on it. */
  function drain(): void {
    isDraining = true;
    for (const stream of [...streams.values()]) closeIfIdle(stream);
  }

  return { open, take, drain, size: () => streams.size };
}
