import type { Counters } from "../../lib/counters.ts";
import { setByProject } from "../../resources/limits.ts";
import { busyOutcome, type Outcome } from "../answers.ts";
import type { Holder } from "../visit.ts";

/** A token whose calls are not answered takes nobody else's place. */
export function createPlaces(counters: Counters) {
  /** How many calls each holder has under way. */
  const underWay = new Map<string, number>();

  /** Undefined when one more may be under way, which is then counted until `leave`; else why it may not. */
  function enter({ key, project, most }: Holder): Outcome | undefined {
    const own = underWay.get(key) ?? 0;
    if (own >= most.inFlight) {
      counters.add("token_calls_refused", project);
      return busyOutcome(`This token has ${own} calls under way; ${setByProject("inFlight")}`);
    }
    underWay.set(key, own + 1);
    return undefined;
  }

  function leave({ key }: Holder): void {
    const left = (underWay.get(key) ?? 1) - 1;
    if (left === 0) underWay.delete(key);
    else underWay.set(key, left);
  }

  async function within(holder: Holder, work: () => Promise<Outcome>): Promise<Outcome> {
    const refusal = enter(holder);
    if (refusal !== undefined) return refusal;
    try {
      return await work();
    } finally {
      leave(holder);
    }
  }

  return { enter, leave, within };
}
