import { onAbort } from "../../lib/abort.ts";
import { randomBytes } from "../../lib/crypto.ts";
import { accepted, errorOutcome, respond } from "../answers.ts";
import { codes } from "../protocol.ts";
import { boundOf, holderOf, ownerOf, type Visit } from "../visit.ts";
import { answerOf, textOf } from "./answer.ts";
import type { Asking, Outlet } from "./asking.ts";
import { EventOut, streamHead } from "./event-out.ts";
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

  function open(visit: Visit): void {
    const id = randomBytes(18).toString("base64url");
    let unsubscribe = () => {};
    const out = new EventOut(readers, {
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
    visit.visitor.answer(out.body, streamHead);
  }

  /** One message of a client that has a stream open. The answer goes there; here it is only taken. */
  function take(visit: Visit, inbound: Inbound): Asking | undefined {
    const { visitor } = visit;
    const id = new URL(visit.request.url).searchParams.get("session") ?? "";
    const stream = streams.get(id);
    if (stream === undefined || stream.bound !== boundOf(visit).join(" ")) {
      const why = "There is no such stream: open one with GET";
      return void respond(visitor, inbound.id, errorOutcome(codes.unknownSession, why, undefined, 404));
    }
    const { id: asked, method } = inbound;
    if (method === "initialize") {
      stream.facts = factsOf(inbound.params, id);
      stream.subscribe(stream.facts);
    }
    const isRequest = asked !== undefined && method !== undefined;
    const live = isRequest ? lives.of(stream.facts, ownerOf(visit), holderOf(visit)) : undefined;
    if (!isRequest) legacy.told(visit, stream.facts, inbound);
    visitor.answer("Accepted", accepted);
    return live === undefined || asked === undefined
      ? undefined
      : legacy.asking(visit, asked, stream.facts, live, outletOf(stream, asked));
  }

  function outletOf(stream: Stream, id: string): Outlet {
    const { out } = stream;
    const send = (text: string) => out.send(text, { event: "message" });
    return {
      send,
      end(outcome) {
        send(textOf(answerOf(id, outcome)));
        if (isDraining) closeIfIdle(stream);
      },
      fail: () => out.close(),
    };
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
