import type { Counters } from "../../lib/counters.ts";
import { setByProject } from "../../resources/limits.ts";
import { busyOutcome, type Outcome } from "../answers.ts";
import type { Holder } from "../visit.ts";

/** A token whose calls are not answered takes nobody else's place. */
export function createPlaces(counters: Counters) {
  /** How many calls each holder has under way. */
  const underWay = new Map<string, number>();

  return async function counted({ key, project, most }: Holder, send: () => Promise<Outcome>): Promise<Outcome> {
    const own = underWay.get(key) ?? 0;
    if (own >= most.inFlight) {
      counters.add("token_calls_refused", project);
      return busyOutcome(`This token has ${own} calls under way; ${setByProject("inFlight")}`);
    }
    underWay.set(key, own + 1);
    try {
      return await send();
    } finally {
      const left = (underWay.get(key) ?? 1) - 1;
      if (left === 0) underWay.delete(key);
      else underWay.set(key, left);
    }
  };
}
