import { expect, test } from "bun:test";
import { blotOf, createBlots } from "../../src/secrets/blots.ts";

test("a secret is taken out as it is, as JSON and as addresses write it, and line by line", () => {
  const key = "-----BEGIN KEY-----\nbm90IGEga2V5\nYXQgYWxs\n-----END KEY-----\n";
  const blot = blotOf(['quo"ted\\one', "with blank & more", key, "Bearer header-token"]);
  expect(blot('it is quo"ted\\one')).toBe("it is •••");
  expect(blot(JSON.stringify({ it: 'quo"ted\\one' }))).toBe('{"it":"•••"}');
  expect(blot("GET /?k=with%20blank%20%26%20more")).toBe("GET /?k=•••");
  expect(blot("bm90IGEga2V5")).toBe("•••");
  expect(blot("bad token header-token")).toBe("bad token •••");
  expect(blot("-----BEGIN KEY-----")).toBe("-----BEGIN KEY-----");
});

test("what is shorter than six characters stays; the longer of two that begin alike goes whole", () => {
  expect(blotOf(["yes", "12345"])("yes, 12345")).toBe("yes, 12345");
  expect(blotOf(["secret", "secret-and-more"])("secret-and-more, secret")).toBe("•••, •••");
});

test("no piece of a secret is left where a line is cut", () => {
  const secret = "0123456789".repeat(10);
  const blot = blotOf([secret]);
  for (let before = 0; before < 300; before++) {
    const clean = blot(`${"x".repeat(before)}${secret.repeat(50)}`, 64);
    expect(clean.length).toBeLessThanOrEqual(64);
    expect(clean).not.toMatch(/\d/);
  }
  expect(blot("x".repeat(1_000), 64)).toBe("x".repeat(64));
});

test("each server has its own, until it is gone", () => {
  const blots = createBlots();
  blots.give("a", ["planted"]);
  expect([blots.of("a")("planted"), blots.of("b")("planted")]).toEqual(["•••", "planted"]);
  blots.give("a", ["rotated"]);
  expect(blots.of("a")("planted, rotated")).toBe("•••, •••");
  blots.prune(new Set(["b"]));
  expect(blots.of("a")("planted")).toBe("planted");
});
