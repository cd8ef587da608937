import { copyFor } from "./copies.ts";
import type { Upstream } from "./upstream.ts";

/** In place of a copy: where the conversation with a server reached by url is kept. */
export const elsewhere = "";

/** What is open with one server: a conversation with each copy that runs, or the one with a server reached by url. */
export type Conversations = ReturnType<typeof createConversations>;

/** `leadChanged`: another conversation is the first now, in which the server is told what is followed. */
export function createConversations(leadChanged: () => void) {
  const upstreams = new Map<string, Upstream>();
  /** Nearly always the only one. */
  let first: Upstream | undefined;
  /** Where those copies serve that are spoken to at an address. */
  const addresses = new Map<string, { copy: string; url: string }>();

  /** Nothing more is asked in this conversation, which is the caller's to close. */
  function leave(copy: string): Upstream | undefined {
    const upstream = upstreams.get(copy);
    upstreams.delete(copy);
    addresses.delete(copy);
    leadAnew();
    return upstream;
  }

  function leadAnew(): void {
    const before = first;
    first = upstreams.values().next().value;
    if (first !== before) leadChanged();
  }

  function forMany(subject: string | undefined, isWell: (copy: string) => boolean): Upstream | undefined {
    const well = new Map([...upstreams].filter(([copy]) => isWell(copy)));
    return copyFor(well.size > 0 ? well : upstreams, subject);
  }

  return {
    lead: (): Upstream | undefined => first,
    leave,
    /** In place of one that there was with this copy, which is closed. */
    put(copy: string, upstream: Upstream): void {
      upstreams.get(copy)?.close();
      upstreams.set(copy, upstream);
      leadAnew();
    },
    servedAt: (copy: string, url: string): void => void addresses.set(copy, { copy, url }),
    at: (copy: string): Upstream | undefined => upstreams.get(copy),
    isEmpty: (): boolean => upstreams.size === 0,
    copies: (): string[] => [...upstreams.keys()],
    /** The one for this caller, out of those whose copies are well if any is. */
    for: (subject: string | undefined, isWell: (copy: string) => boolean): Upstream | undefined =>
      upstreams.size < 2 ? first : forMany(subject, isWell),
    /** Where the copy for this caller serves, if that is how it is spoken to. */
    addressFor: (subject: string | undefined) => copyFor(addresses, subject),
    /** `instance` is there where the copy is ours. */
    all: (): { instance: string | undefined; upstream: Upstream }[] =>
      [...upstreams].map(([copy, upstream]) => ({ instance: copy === elsewhere ? undefined : copy, upstream })),
    underWay: (): number => [...upstreams.values()].reduce((sum, upstream) => sum + upstream.underWay(), 0),
  };
}
