import { type Explained, explained } from "./explained.ts";
import { isMeant } from "./legs.ts";
import type { Count, Score } from "./suite.ts";

export type Result = { leg: string; direct: Score; through: Score; error?: string };
export type Miss = { scenario: string; direct: number; through: number; why: readonly string[]; reason?: string };

const none: Count = { passed: 0, failed: 0 };

/** The scenarios that keep fewer checks through the gateway than directly; a reason stands with those that are explained. */
export function missesOf({ leg, direct, through }: Result, known: readonly Explained[] = explained): Miss[] {
  return [...direct].flatMap(([scenario, { passed }]) => {
    const { passed: kept, why = [] } = through.get(scenario) ?? none;
    if (kept >= passed) return [];
    const entry = known.find((one) => one.scenario === scenario && isMeant(leg, one.legs) && kept >= one.atLeast);
    return [{ scenario, direct: passed, through: kept, why, ...(entry === undefined ? {} : { reason: entry.reason }) }];
  });
}

/** True when nothing was lost but what is explained. */
export const isKept = (result: Result): boolean =>
  result.error === undefined && missesOf(result).every(({ reason }) => reason !== undefined);
