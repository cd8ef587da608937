/** Time is passed in, so that tests own it. `now` is Unix time in milliseconds. */
export type Clock = { now: () => number };

export const systemClock: Clock = { now: () => Date.now() };
