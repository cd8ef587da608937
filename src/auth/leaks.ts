import { networkOf } from "../lib/address.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import { type Recorder, recordConsequences } from "../rbac/record.ts";
import type { Consequence } from "../rbac/source.ts";
import { McpToken } from "../resources/mcp-token.ts";
import type { Database } from "../storage/op.ts";
import { findToken, findTokenByHash } from "../storage/tokens.ts";
import { type BearerKeys, bearerKind, storedAs } from "./bearer.ts";
import { createRates } from "./rate.ts";
import { revoke } from "./token-source.ts";
import { presentToken } from "./token-view.ts";

type Needs = { db: Database; hashKeys: BearerKeys; clock: Clock; log: Log; record: Recorder };

export type Leaks = ReturnType<typeof createLeaks>;

/**
 * Whoever finds a token may end it without logging in, and learns nothing: what is presented is answered alike whether it was a token or not.
 * Holding it is right enough, since its holder could do more harm by using it. Logins are not ended so: they end with their owner.
 */
export function createLeaks({ db, hashKeys, clock, log, record }: Needs) {
  const ofNetwork = createRates({ perMinute: 10, burst: 10 }, 10_000);
  const ofAll = createRates({ perMinute: 100, burst: 100 }, 1);

  /** @throws Problem `unavailable` with 429 when there were too many reports, from this network or altogether */
  async function report(presented: string, address: string | undefined): Promise<void> {
    const now = clock.now();
    // First its own share: one network that is over it takes nothing from the rest.
    const waitMs = ofNetwork(address === undefined ? "" : networkOf(address), now) || ofAll("", now);
    if (waitMs > 0) throw tooMany(Math.ceil(waitMs / 1000));
    if (bearerKind(presented) !== "token") return;
    const ended = await db.write(function* () {
      const token = yield* storedAs(hashKeys, presented, findTokenByHash);
      if (token === undefined || token.revokedAt !== null) return undefined;
      const by = { actor: { subject: "" }, address };
      const others: Consequence[] = [];
      yield* revoke(token.id, now, (other) => void others.push(other));
      const [before, after] = [token, yield* findToken(token.id, undefined)].map((row) =>
        row === undefined ? undefined : presentToken(row, now),
      );
      yield* record(by, { kind: McpToken, action: "revoke", before, after });
      yield* recordConsequences(record, by, others);
      return token;
    });
    if (ended === undefined) return;
    const { name, projectName, ownerName } = ended;
    log.warn("a token was reported as leaked and is revoked", {
      name,
      project: projectName,
      owner: ownerName,
      from: address,
    });
  }

  return { report };
}

const tooMany = (seconds: number) =>
  new Problem("unavailable", `Too many reports; try again in ${seconds} s`, {
    status: 429,
    retryAfterSeconds: seconds,
  });
