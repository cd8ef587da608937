import { expect, test } from "bun:test";
import fc from "fast-check";
import { bearerIn } from "../../src/auth/authenticate.ts";
import { bearerKind, mintBearer, shownPrefix } from "../../src/auth/bearer.ts";

test("a bearer has the shape that scanners look for", () => {
  expect(mintBearer("token")).toMatch(/^mcpctl_pat_[0-9A-Za-z]{49}$/);
  expect(mintBearer("session")).toMatch(/^mcpctl_ses_[0-9A-Za-z]{49}$/);
  expect(new Set(Array.from({ length: 2000 }, () => mintBearer("token"))).size).toBe(2000);
});

test("any other character makes it malformed, so a typing slip costs no look at the database", () => {
  const bearer = mintBearer("token");
  fc.assert(
    fc.property(fc.nat(bearer.length - 1), fc.constantFrom(..."0Aaz9_-. é"), (at, character) => {
      fc.pre(bearer[at] !== character);
      expect(bearerKind(bearer.slice(0, at) + character + bearer.slice(at + 1))).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
  for (const wrong of [
    "",
    "x",
    `${bearer}0`,
    bearer.slice(0, -1),
    bearer.replace("pat", "ses"),
    bearer.toUpperCase(),
    ` ${bearer}`,
  ]) {
    expect(bearerKind(wrong)).toBeUndefined();
  }
});

test("Bearer, and Basic with the bearer in either half, as vLLM sends it", () => {
  const bearer = mintBearer("token");
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  expect(bearerIn(`Bearer ${bearer}`)).toBe(bearer);
  expect(bearerIn(`bearer ${bearer}`)).toBe(bearer);
  expect(bearerIn(basic(`tok:${bearer}`))).toBe(bearer);
  expect(bearerIn(basic(`${bearer}:`))).toBe(bearer);
  expect(bearerIn(basic(`${bearer}:${mintBearer("token")}`))).toBe("");
  expect(bearerIn(basic("tok:nothing"))).toBe("");
  expect(bearerIn("Digest x")).toBe("");
  expect(bearerIn(null)).toBeUndefined();
});

test("what is shown of it is far too little to guess from", () => {
  expect(shownPrefix(mintBearer("token"))).toHaveLength(15);
});
