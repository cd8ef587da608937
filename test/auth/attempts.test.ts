import { beforeEach, expect, test } from "bun:test";
import { createAttempts } from "../../src/auth/attempts.ts";
import { decoy, hashPassword, verifyPassword } from "../../src/auth/password.ts";
import { Problem } from "../../src/lib/problem.ts";

/** A hash check that is counted, takes a moment, and knows one password. */
let now = 0;
let checks: (string | undefined)[] = [];
let attempts = createAttempts({ now: () => now });
beforeEach(() => {
  now = 0;
  checks = [];
  attempts = createAttempts({ now: () => now }, async (password, hash) => {
    checks.push(hash);
    await Bun.sleep(1);
    if (password === "broken") throw new Problem("unavailable", "Too many logins at once");
    return hash !== undefined && password === "right";
  });
});

const known = async () => ({ user: { id: "1", name: "ann" }, hash: "h", disabled: false });
const unknown = async () => undefined;
const attempt = async (account: string, password: string, address?: string, find = known) => {
  try {
    return (await attempts.judge({ account, password, address }, find)) === undefined ? "wrong" : "right";
  } catch (error) {
    const { status, retryAfterSeconds, message } = error as Problem;
    return `${status} ${retryAfterSeconds} ${message}`;
  }
};
const times = async (count: number, work: (index: number) => Promise<string>) => {
  const answers: string[] = [];
  for (let i = 0; i < count; i++) answers.push(await work(i));
  return answers;
};

test("fifty at once are five checks: an attempt counts as failed until it turns out right", async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => attempt("ann", "guess")));
  expect(checks).toHaveLength(5);
  expect(answers.filter((answer) => answer.startsWith("429 1 "))).toHaveLength(45);
});

test("an unknown account costs the same check and gets the same answers", async () => {
  const guesses = (account: string, find: typeof unknown | typeof known) =>
    times(8, () => attempt(account, "guess", undefined, find as typeof known));
  const theirs = await guesses("ann", known);
  const checked = checks.length;
  expect(await guesses("nobody", unknown)).toEqual(theirs);
  expect(checks).toHaveLength(2 * checked);
  expect(theirs.at(-1)).toBe("429 1 Too many failed logins; try again in 1 s");
});

test("a pause keeps the right password out too, and does not grow by being asked", async () => {
  await times(5, () => attempt("ann", "guess"));
  await times(30, () => attempt("ann", "right"));
  expect(checks).toHaveLength(5);
  now += 999;
  expect(await attempt("ann", "right")).toStartWith("429 1 ");
  now += 1;
  expect(await attempt("ann", "right")).toBe("right");
});

test("the right password clears the account and leaves the address as it was", async () => {
  await times(19, (i) => attempt(`a${i}`, "guess", "192.0.2.7"));
  expect(await times(30, () => attempt("ann", "right", "192.0.2.7"))).toEqual(Array(30).fill("right"));
  expect(await attempt("a20", "guess", "192.0.2.7")).toBe("wrong");
  expect(await attempt("ann", "right", "192.0.2.7")).toStartWith("429 1 ");
  now += 1000;
  expect(await attempt("ann", "right", "192.0.2.7")).toBe("right");
  // Right attempts do not begin the pause anew.
  expect(await attempt("ann", "right", "192.0.2.7")).toBe("right");
});

test("an address that goes through accounts is stopped, also from elsewhere in its /64; others are not", async () => {
  await times(20, (i) => attempt(`a${i}`, "guess", `2001:db8::${i + 1}`));
  expect(checks).toHaveLength(20);
  expect(await attempt("ann", "right", "2001:db8::ffff")).toStartWith("429 ");
  expect(checks).toHaveLength(20);
  expect(await attempt("ann", "right", "2001:db8:0:1::1")).toBe("right");
  expect(await attempt("ann", "right")).toBe("right");
});

test("what could not be judged is no failure", async () => {
  expect(new Set(await times(30, () => attempt("ann", "broken", "192.0.2.7")))).toEqual(
    new Set(["503 undefined Too many logins at once"]),
  );
  expect(await attempt("ann", "right", "192.0.2.7")).toBe("right");
});

test("ten thousand accounts are remembered, not more", async () => {
  await times(5, () => attempt("ann", "guess"));
  const flood = async (count: number) =>
    await Promise.all(Array.from({ length: count }, (_, i) => attempt(`x${i}`, "guess", undefined, unknown as never)));
  await flood(9_999);
  expect(await attempt("ann", "guess")).toStartWith("429 ");
  await flood(10_000);
  expect(await attempt("ann", "right")).toBe("right");
});

test("the check for an account that does not exist costs what a real one costs, and never passes", async () => {
  const parameters = (hash: string) => hash.split("$").slice(0, 4).join("$");
  expect(parameters(decoy)).toBe(parameters(await hashPassword("correct horse")));
  expect(await verifyPassword("Every good boy does fine, but no mo", undefined)).toBe(false);
});
