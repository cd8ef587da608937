import { networkOf } from "../lib/address.ts";
import type { Clock } from "../lib/clock.ts";
import type { AuditEntry } from "../resources/audit.ts";

const windowMs = 60_000;
/** How many different refusals a minute are told one by one. Strangers have fewer, since anybody on the network can be one. */
const mostDifferent = { known: 1_000, stranger: 100 } as const;
/** And how many of one sender: whoever makes noise under one name or from one network leaves room for what others do meanwhile. */
const mostOfOne = { known: 100, stranger: 20 } as const;
type Sort = keyof typeof mostDifferent;

export type Refusals = {
  /** The first of its like is noted at once; what follows within a minute is counted and noted together. */
  add: (entry: AuditEntry) => void;
  /** Notes what was counted. */
  close: () => void;
};

type Repeated = { entry: AuditEntry; again: number };
/** How many of one sender's refusals were told, and how many more there were. */
type Sender = { first: AuditEntry; told: number; others: number };

/** Refusals on their way to the audit log: a flood of them fills neither the disk nor the memory. */
export function createRefusals({ clock, note }: { clock: Clock; note: (entry: AuditEntry) => void }): Refusals {
  const seen = { known: new Map<string, Repeated>(), stranger: new Map<string, Repeated>() };
  const senders = { known: new Map<string, Sender>(), stranger: new Map<string, Sender>() };
  const others = { known: 0, stranger: 0 };
  let windowEnd = 0;

  function add(entry: AuditEntry): void {
    if (clock.now() >= windowEnd) endWindow();
    const sort = entry.actor.subject === "" ? "stranger" : "known";
    const { kind, actor, address, action, detail } = entry;
    const key = JSON.stringify([kind, actor.subject, actor.user, actor.tokenSha, address, action, detail]);
    const repeated = seen[sort].get(key);
    if (repeated !== undefined) repeated.again++;
    else if (hasRoom(sort, entry)) {
      seen[sort].set(key, { entry, again: 0 });
      note(entry);
    }
  }

  /** Counts it either way. A failed login does not compete with what else is refused to the same sender. */
  function hasRoom(sort: Sort, entry: AuditEntry): boolean {
    const { kind, actor, address } = entry;
    const who = sort === "known" ? (actor.user ?? actor.subject) : networkOf(address ?? "");
    const name = `${kind} ${who}`;
    const sender = senders[sort].get(name) ?? { first: entry, told: 0, others: 0 };
    const isFull = seen[sort].size >= mostDifferent[sort];
    if (!isFull && sender.told < mostOfOne[sort]) sender.told++;
    else if (sender.told > 0) sender.others++;
    else others[sort]++;
    if (sender.told === 0) return false;
    senders[sort].set(name, sender);
    return sender.others === 0;
  }

  function endWindow(): void {
    const at = clock.now();
    windowEnd = at + windowMs;
    for (const sort of ["known", "stranger"] as const) {
      for (const { entry, again } of seen[sort].values())
        if (again > 0) note({ ...entry, at, detail: { ...entry.detail, again } });
      seen[sort].clear();
      for (const { first, others: count } of senders[sort].values())
        if (count > 0) note({ ...manyOthers(at, sort, count), actor: first.actor, address: first.address });
      senders[sort].clear();
      if (others[sort] > 0) note(manyOthers(at, sort, others[sort]));
      others[sort] = 0;
    }
  }

  const timer = setInterval(() => {
    if (clock.now() >= windowEnd) endWindow();
  }, windowMs);
  timer.unref();

  return {
    add,
    close() {
      clearInterval(timer);
      endWindow();
    },
  };
}

const manyOthers = (at: number, sort: string, count: number): AuditEntry => ({
  at,
  kind: "refused",
  outcome: "refused",
  actor: { subject: "" },
  action: "many others",
  detail: { count, callers: sort },
});
