/** Whether a server, or a model, is asked at all: while it does not answer nobody waits for it, and now and then one call tries. Pure: time is passed in. */
export type Breaker = {
  /** How often in a row it was not there, and what was seen of that last. */
  failures: number;
  last?: string;
  /** There while it is left alone: until when, and for how long in all. */
  open?: { retryAt: number; pauseMs: number; isTrying: boolean };
};

export const closed: Breaker = { failures: 0 };

/** So many wait in vain before the rest is spared that. */
const threshold = 5;
const longestMs = 60_000;

/** `trial` is the one call that finds out whether it is there again. */
export type Turn = "call" | "trial" | "refused";

export function turnAt({ open }: Breaker, now: number): Turn {
  if (open === undefined) return "call";
  return now < open.retryAt ? "refused" : "trial";
}

/** A trial has begun. It may be a call that takes its time: the next may begin when nothing was heard of it for a minute. */
export const tried = (breaker: Breaker, now: number): Breaker =>
  breaker.open === undefined
    ? breaker
    : {
        ...breaker,
        open: { ...breaker.open, retryAt: now + Math.max(longestMs, breaker.open.pauseMs), isTrying: true },
      };

/** The next may try at once: whoever tried went away, or something was changed that may help. */
export const untried = (breaker: Breaker, now: number): Breaker =>
  breaker.open === undefined ? breaker : { ...breaker, open: { ...breaker.open, retryAt: now, isTrying: false } };

/**
 * It was not there, when it was called, tried, or a conversation was to be opened: without one there is nothing more to wait for. The first pause
 * is `firstMs`, then they double. What began before it was left alone and fails meanwhile is counted, and makes no pause longer.
 */
export function failed(
  { failures, open }: Breaker,
  why: string,
  how: "call" | "trial" | "opening",
  now: number,
  firstMs: number,
): Breaker {
  const seen = { failures: failures + 1, last: why };
  if (open === undefined && how !== "opening" && seen.failures < threshold) return seen;
  if (open !== undefined && how === "call") return { ...seen, open };
  const pauseMs = open === undefined ? firstMs : Math.min(open.pauseMs * 2, Math.max(longestMs, firstMs));
  return { ...seen, open: { retryAt: now + pauseMs, pauseMs, isTrying: false } };
}

/** Its conversation was let go of: the failures that led to that are counted already. */
export const givenUp = (breaker: Breaker, why: string, now: number, firstMs: number): Breaker => ({
  failures: Math.max(1, breaker.failures),
  last: breaker.last ?? why,
  open: breaker.open ?? { retryAt: now + firstMs, pauseMs: firstMs, isTrying: false },
});

/** What whoever calls meanwhile is told; `whose` such as `server "files"`. */
export function refusalOf(whose: string, { failures, last, open }: Breaker, now: number): string {
  const seconds = Math.max(1, Math.ceil(((open?.retryAt ?? now) - now) / 1000));
  const again = open?.isTrying === true ? "it is being tried again now" : `it is tried again in ${seconds} s`;
  return failures === 1
    ? `${whose}: ${last}; ${again}`
    : `${whose} has not answered ${failures} times in a row (last: ${last}); ${again}`;
}

/** As people see it; `half-open` is the trade's word for the time of a trial. */
export type BreakerView = { state: "closed" | "open" | "half-open"; failures: number; last?: string; retryAt?: string };

export function viewOf({ failures, last, open }: Breaker): BreakerView {
  const seen = { failures, ...(last === undefined ? {} : { last }) };
  if (open === undefined) return { state: "closed", ...seen };
  return { state: open.isTrying ? "half-open" : "open", ...seen, retryAt: new Date(open.retryAt).toISOString() };
}
