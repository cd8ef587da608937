import { Problem } from "../lib/problem.ts";

const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const defaultDays = 90;
const longestDays = 3660;

/**
 * When a token ends, in Unix milliseconds; null is never. `30d`, `12h`, `45m`, `never`, an ISO 8601 instant, or 90 days when nothing is said.
 * @throws Problem `invalid`
 */
export function expiryOf(ttl: string | undefined, now: number): number | null {
  if (ttl === undefined) return now + defaultDays * 86_400_000;
  if (ttl === "never") return null;
  const [, count = "", unit = ""] = /^(\d{1,6})([mhd])$/.exec(ttl) ?? [];
  const expiry = unit === "" ? instant(ttl) : now + Number(count) * (units[unit] ?? 0);
  if (Number.isNaN(expiry))
    throw refused("is not a duration or an instant: write 30d, 12h, never, or 2027-01-31T00:00:00Z");
  if (expiry <= now) throw refused("lies in the past");
  if (expiry > now + longestDays * 86_400_000) throw refused("is more than ten years; write never if that is meant");
  return expiry;
}

/** A duration such as `45m`, `24h`, `7d` or `0s`, in milliseconds; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const [, count = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = unit === "s" ? 1000 : units[unit];
  return ms === undefined ? undefined : Number(count) * ms;
}

const instant = (text: string) =>
  /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;

const refused = (message: string) =>
  new Problem("invalid", `the ttl ${message}`, { fields: [{ path: "/ttl", message }] });
