import type { Outcome } from "./answers.ts";

/**
 * Whoever asked is told once, and may be told while it asks still: of the outcome, or why there is none. Neither throws. A call passes many hands, and
 * as an object each of them is told without a promise and functions of its own.
 */
export type Asker = { answered: (outcome: Outcome) => void; failed: (why: unknown) => void };

/** The same as a promise. */
export const outcomeTo = (ask: (asker: Asker) => void): Promise<Outcome> =>
  new Promise((answered, failed) => ask({ answered, failed }));
