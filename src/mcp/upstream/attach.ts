import type { Run } from "../../instances/channel.ts";
import type { Era } from "../protocol.ts";
import type { ConnectionOptions, ServerRef } from "./connections.ts";
import type { Conversations } from "./conversations.ts";
import { openAt, openProcess, protocolOf } from "./negotiate.ts";
import { processFailure } from "./remedies.ts";
import type { Opening, Upstream } from "./upstream.ts";

/** Of one server: a process ended while it was asked in the modern era, so the next one is asked in the legacy one first. */
export type Probed = { diedOfProbe?: boolean };

type Needs = Pick<ConnectionOptions, "verdicts"> & {
  openingFor: (server: ServerRef) => Opening;
  /** Nothing more is asked of this copy. */
  leave: (conversations: Conversations, copy: string) => Upstream | undefined;
};

/** Opens the conversation with a copy of ours that has just started. @throws Problem `unavailable`, with what may be configured wrongly */
export function attachWith({ verdicts, openingFor, leave }: Needs) {
  return async (
    server: ServerRef,
    entry: Probed & { conversations: Conversations },
    copy: string,
    { via, closed }: Pick<Run, "via" | "closed">,
    adopt: (upstream: Upstream) => Upstream,
  ): Promise<Upstream> => {
    const protocol = protocolOf(server.fields);
    const known: Era | undefined = entry.diedOfProbe === true ? "legacy" : verdicts.eraOf(server);
    let hasEnded = false;
    void closed.then(() => {
      hasEnded = true;
      // What is behind an address may be gone without a word.
      if ("url" in via) leave(entry.conversations, copy)?.close();
    });
    try {
      const opening = openingFor(server);
      if (!("url" in via)) return adopt(await openProcess(via, protocol, known, opening));
      const upstream = await openAt({ url: via.url, headers: {} }, server.fields, known, opening);
      entry.conversations.servedAt(copy, via.url);
      return adopt(upstream);
    } catch (error) {
      entry.diedOfProbe = hasEnded && protocol === "auto" && known !== "legacy";
      throw processFailure(error, protocol);
    }
  };
}
