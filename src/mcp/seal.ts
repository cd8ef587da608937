import { createHmac, timingSafeEqual } from "../lib/crypto.ts";

/**
 * Hands out state that the client carries: readable, unforgeable, and bound to words that are not in it, such as who was given it and for what.
 * Whoever brings it under other words is told the same as one who made it up.
 */
export type Seal = ReturnType<typeof createSeal>;

/** Longest state that is looked at; a header or a parameter may hold anything. */
const longest = 16_384;

export function createSeal(key: Buffer) {
  const macOf = (body: string, bound: readonly string[]): Buffer =>
    createHmac("sha256", key)
      .update(JSON.stringify([body, ...bound]))
      .digest()
      .subarray(0, 18);

  return {
    seal(content: unknown, bound: readonly string[]): string {
      const body = Buffer.from(JSON.stringify(content)).toString("base64url");
      return `${body}.${macOf(body, bound).toString("base64url")}`;
    },
    /** What was sealed under these very words; undefined for everything else. */
    open(text: string, bound: readonly string[]): unknown {
      if (text.length > longest) return undefined;
      const dot = text.lastIndexOf(".");
      const body = text.slice(0, Math.max(dot, 0));
      const expected = macOf(body, bound);
      const given = Buffer.from(text.slice(dot + 1), "base64url");
      // Base64 that decodes alike but is spelt otherwise is not what we gave out.
      if (given.length !== expected.length || given.toString("base64url") !== text.slice(dot + 1)) return undefined;
      return timingSafeEqual(given, expected) ? JSON.parse(Buffer.from(body, "base64url").toString()) : undefined;
    },
  };
}
