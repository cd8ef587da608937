import type { Credential } from "../auth/access-token.ts";
import type { Clock } from "../lib/clock.ts";
import type { Endpoint } from "../mcp/endpoint.ts";
import type { Admission } from "../mcp/visit.ts";
import type { Caller, TimedCaller } from "../rbac/rights.ts";
import type { Database } from "../storage/op.ts";

/** So many in all; beyond it the memory begins anew. */
const most = 2_048;
/** Of one caller: from where it calls stands in its admission, for the audit log. */
const mostAddresses = 64;

/** An admission but for the address that its request came from. */
export type Admitted = Omit<Admission, "address">;

/** Who was let in where, and what into: shared by all requests that are told the same, so nothing of it is ever changed. */
export class Entry {
  readonly caller: Caller;
  readonly until: number;
  readonly #admitted: Admitted;
  readonly #at = new Map<string | undefined, Admission>();

  constructor(caller: TimedCaller, admitted: Admitted) {
    this.caller = caller;
    this.until = caller.until;
    this.#admitted = admitted;
  }

  from(address: string | undefined): Admission {
    const known = this.#at.get(address);
    if (known !== undefined) return known;
    const admission = Object.freeze({ ...this.#admitted, address });
    if (this.#at.size >= mostAddresses) this.#at.clear();
    this.#at.set(address, admission);
    return admission;
  }
}

/** What was let in as long as the database says what it said then: one number of it is compared, and the clock (decision 18). */
export function rememberedAdmissions(db: Pick<Database, "revision">, clock: Clock) {
  /** Of an endpoint as it was handed in: the same address is the same object for as long as it is called. */
  const entries = new Map<Endpoint, Map<string, Entry>>();
  let size = 0;
  let revision: number | undefined;

  function clear(): void {
    entries.clear();
    size = 0;
  }

  return {
    /** The revision of this moment, under which what is read from now on may be kept; undefined when nothing may. */
    look(): number | undefined {
      const now = db.revision?.();
      if (now !== revision) clear();
      revision = now;
      return now;
    },
    /** After `look`. */
    find(endpoint: Endpoint, bearer: Credential): Entry | undefined {
      const key = keyOf(bearer);
      const entry = key === undefined ? undefined : entries.get(endpoint)?.get(key);
      return entry !== undefined && clock.now() < entry.until ? entry : undefined;
    },
    /** What was read after that revision was looked at. Kept only while nothing newer was seen. */
    keep(at: number | undefined, endpoint: Endpoint, bearer: Credential, entry: Entry): void {
      const key = keyOf(bearer);
      if (at === undefined || at !== revision || key === undefined) return;
      if (size >= most) clear();
      const here = entries.get(endpoint) ?? new Map<string, Entry>();
      entries.set(endpoint, here);
      if (!here.has(key)) size++;
      here.set(key, entry);
    },
    size: () => size,
  };
}

/** A bearer of ours has no bracket; what an issuer said of somebody is all that is asked of it. */
const keyOf = (bearer: Credential): string | undefined =>
  typeof bearer === "object" ? JSON.stringify([bearer.name, bearer.expiresAt, bearer.id]) : bearer;
