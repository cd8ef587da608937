import { Problem } from "../lib/problem.ts";

/** How long this server lets tokens live, in milliseconds; null is for ever. Nobody asks for longer than `maxTtl`. */
export type TokenPolicy = { defaultTtl: number | null; maxTtl: number | null };

const minute = 60_000;
const units = { d: 1440 * minute, h: 60 * minute, m: minute };
const tenYears = 3660 * units.d;

/** `30d`, `12h` and `45m` in milliseconds, `never` as null; undefined for anything else, for nothing, and for more than ten years. */
export function lifeOf(text: string): number | null | undefined {
  if (text === "never") return null;
  const life = duration(text);
  return life > 0 && life <= tenYears ? life : undefined;
}

/**
 * When a token ends, in Unix milliseconds; null is never. A `ttl` is `30d`, `12h`, `45m`, `never` or an ISO 8601 instant; without one the
 * policy's default holds, as far as its maximum allows.
 * @throws Problem `invalid`, saying what is wrong and what the policy allows
 */
export function expiryOf(ttl: string | undefined, now: number, { defaultTtl, maxTtl }: TokenPolicy): number | null {
  if (ttl === undefined) return atMost(defaultTtl === null ? null : now + defaultTtl, now, { maxTtl });
  const allowed = `write ${maxTtl === null ? "30d, 12h, never" : "30d, 12h"}, or an instant such as 2027-01-31T00:00:00Z`;
  const bound = maxTtl === null ? allowed : `tokens of this server live at most ${shown(maxTtl)}`;
  if (ttl === "never") {
    if (maxTtl === null) return null;
    throw refused(`is never, but ${bound}`);
  }
  const life = duration(ttl);
  const expiry = Number.isNaN(life) ? instant(ttl) : now + life;
  if (Number.isNaN(expiry))
    throw refused(`is not a duration or an instant: ${allowed}${maxTtl === null ? "" : `; ${bound}`}`);
  if (life === 0) throw refused(`is nothing at all: ${bound}`);
  if (expiry <= now) throw refused(`lies in the past: ${bound}`);
  if (maxTtl !== null && expiry > now + maxTtl) throw refused(`is too long: ${bound}`);
  if (expiry > now + tenYears) throw refused("is more than ten years: write never if that is meant");
  return expiry;
}

/** The expiry, cut to what the policy allows where nobody asked for one. */
export function atMost(expiry: number | null, now: number, { maxTtl }: Pick<TokenPolicy, "maxTtl">): number | null {
  if (maxTtl === null) return expiry;
  return Math.min(expiry ?? Number.POSITIVE_INFINITY, now + maxTtl);
}

function duration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  return count === undefined ? Number.NaN : Number(count) * units[unit as keyof typeof units];
}

/** Strictly: the platform would take the 30th of February for the 2nd of March. */
function instant(text: string): number {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/.exec(text) ?? [];
  const midnight = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(`${day}T`)) return Number.NaN;
  return Date.parse(text);
}

function shown(life: number): string {
  const [unit, size] = Object.entries(units).find(([, ms]) => life % ms === 0) ?? ["ms", 1];
  return `${life / size}${unit}`;
}

/** A duration such as `45m`, `24h`, `7d` or `0s`, in milliseconds; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const [, seconds] = /^(\d{1,6})s$/.exec(text) ?? [];
  const ms = seconds === undefined ? duration(text) : Number(seconds) * 1000;
  return Number.isNaN(ms) ? undefined : ms;
}

const refused = (message: string) =>
  new Problem("invalid", `the ttl ${message}`, { fields: [{ path: "/ttl", message }] });
