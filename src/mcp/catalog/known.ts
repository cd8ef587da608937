import { serverLimitsOf } from "../../resources/limits.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Offer } from "./offer.ts";
import type { Untold } from "./writing.ts";

/** What is known of one server. */
export type Known = Untold & {
  offer?: Offer;
  /** The same as it was last written, which may have failed. */
  written?: Offer;
  fetchedAt: number;
  /** What the server executed when it offered this. */
  execution?: string;
  /** The newest configuration of the server that answered, and that which is asked. */
  version?: number;
  asked?: number;
  /** The number of the last change of what its entry holds. */
  revision: number;
  /** How often it had news: other lists than before, or its word that they changed. */
  news: number;
  failure?: { reason: string; at: number };
  refreshing?: Promise<void>;
  /** How long this is good enough, as this version of the server says it. */
  patience?: { of: number; listMs: number; absentMs: number };
};

/** Until when what is known of a server is good enough. */
export function freshUntil(known: Known, { version, fields }: ServerRef): number {
  if (known.patience?.of !== version) {
    const { listSeconds, absentSeconds } = serverLimitsOf(fields);
    known.patience = { of: version, listMs: listSeconds * 1000, absentMs: absentSeconds * 1000 };
  }
  const { failure, fetchedAt, patience } = known;
  return failure === undefined ? fetchedAt + patience.listMs : failure.at + patience.absentMs;
}
