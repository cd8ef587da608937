import { expect, test } from "bun:test";
import * as platform from "node:crypto";
import * as own from "../../src/lib/crypto.ts";

test("digests, keyed ones and derived keys are those of node:crypto", () => {
  for (const length of [0, 1, 31, 32, 33, 64, 65, 1000]) {
    const bytes = platform.randomBytes(length);
    const text = bytes.toString("base64");
    const name = text.slice(0, 40);
    for (const algorithm of ["sha1", "sha256"] as const)
      expect(own.createHash(algorithm).update(bytes).digest("hex")).toBe(
        platform.createHash(algorithm).update(bytes).digest("hex"),
      );
    for (const key of [bytes, text])
      expect(own.createHmac("sha256", key).update(text).digest("base64url")).toBe(
        platform.createHmac("sha256", key).update(text).digest("base64url"),
      );
    expect(own.hkdf(bytes, "salt", name)).toEqual(Buffer.from(platform.hkdfSync("sha256", bytes, "salt", name, 32)));
  }
});

test("as many random bytes as were asked for, others each time", () => {
  expect(own.randomBytes(18)).toHaveLength(18);
  expect(own.randomBytes(18)).not.toEqual(own.randomBytes(18));
});

test("bytes are compared by all that they are", () => {
  expect(own.timingSafeEqual(Buffer.from("abc"), Buffer.from("abc"))).toBe(true);
  expect(own.timingSafeEqual(Buffer.from("abc"), Buffer.from("abd"))).toBe(false);
  expect(() => own.timingSafeEqual(Buffer.from("abc"), Buffer.from("ab"))).toThrow();
});
