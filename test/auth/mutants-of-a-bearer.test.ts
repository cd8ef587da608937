import { afterAll, beforeAll, expect, test } from "bun:test";
import { callerOf } from "../../src/auth/authenticate.ts";
import { bearerHash, bearerKind, mintBearer, shownPrefix } from "../../src/auth/bearer.ts";
import { newId } from "../../src/lib/id.ts";
import type { Problem } from "../../src/lib/problem.ts";
import type { Database, Op } from "../../src/storage/op.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { insertResource } from "../../src/storage/resources.ts";
import { insertToken } from "../../src/storage/tokens.ts";

/** `SEED=… bun test test/auth/mutants-of-a-bearer.test.ts` runs the same tokens and mutants again. */
const seed = Number(process.env["SEED"] ?? Math.trunc(Math.random() * 2 ** 31));

const million = 1_000_000;
const key = Buffer.alloc(32, 5);
/** mulberry32: fast, and the same everywhere. */
function randomFrom(start: number) {
  let state = start;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
type Random = ReturnType<typeof randomFrom>;

const chance = randomFrom(~seed);
const real = Array.from({ length: 100 }, () =>
  mintBearer("token", Buffer.from(Array.from({ length: 32 }, () => chance(256)))),
);
const isReal = new Set(real);

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const blanks = [" ", "\t", "\n", "\r\n", "\0", "\u00a0", "\u200b", "\ufeff", "+", "%20"];
const prefixes = [
  "mcpctl_ses_",
  "mcpctl_ins_",
  "mcpctl_pat",
  "MCPCTL_PAT_",
  "mcpctl-pat-",
  "ghp_",
  "Bearer mcpctl_pat_",
  "",
];
const twins: Record<string, string> = {
  a: "а",
  c: "с",
  e: "е",
  o: "о",
  p: "р",
  x: "х",
  y: "у",
  A: "Α",
  B: "Β",
  0: "O",
  O: "0",
  1: "l",
  l: "1",
  I: "l",
};

const put = (text: string, at: number, other: string, taken = 1) => text.slice(0, at) + other + text.slice(at + taken);
const word = (random: Random, length: number) => Array.from({ length }, () => digits[random(digits.length)]).join("");
const swapped = (text: string, i: number, j: number) => put(put(text, i, text[j] ?? ""), j, text[i] ?? "");
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

/** Every way in which a token is mistyped, mangled, cut, guessed at or forged. */
const mutations: Record<string, (token: string, random: Random) => string> = {
  "a bit flipped": (token, random) => {
    const at = random(token.length);
    return put(token, at, String.fromCharCode(token.charCodeAt(at) ^ (1 << random(8))));
  },
  "a character changed": (token, random) => put(token, random(token.length), word(random, 1)),
  "several changed": (token, random) => {
    let text = token;
    for (let left = 2 + random(8); left > 0; left--) text = put(text, 11 + random(49), word(random, 1));
    return text;
  },
  "cut off": (token, random) => (random(2) === 0 ? token.slice(0, random(60)) : token.slice(1 + random(59))),
  "a character lost or doubled": (token, random) => {
    const at = random(token.length);
    return random(2) === 0 ? put(token, at, "") : put(token, at, (token[at] ?? "").repeat(2));
  },
  "made longer": (token, random) => {
    const more = word(random, 1 + random(8));
    return pick(random, [token + more, more + token, put(token, random(60), more, 0)]);
  },
  "a look-alike": (token, random) => {
    const at = random(token.length);
    const character = token[at] ?? "";
    const wide = String.fromCharCode(character.charCodeAt(0) + 0xfee0);
    return put(token, at, pick(random, [twins[character] ?? wide, wide, `${character}\u0301`]));
  },
  "case changed": (token, random) => {
    const at = random(token.length);
    const character = token[at] ?? "";
    const other = character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase();
    return pick(random, [put(token, at, other), put(token, at, other), token.toUpperCase(), token.toLowerCase()]);
  },
  "another prefix": (token, random) => pick(random, prefixes) + token.slice(11),
  "two joined": (token, random) => {
    const other = pick(random, real);
    const at = 11 + random(49);
    return pick(random, [
      token + other,
      token.slice(0, at) + other.slice(at),
      `${token} ${other}`,
      `${token},${other}`,
    ]);
  },
  "two characters swapped": (token, random) => {
    const at = random(token.length - 1);
    return random(2) === 0 ? swapped(token, at, at + 1) : swapped(token, at, random(token.length));
  },
  "blanks in it": (token, random) => put(token, pick(random, [0, 60, random(61)]), pick(random, blanks), 0),
  "a guessed sum": (token, random) => token.slice(0, 54) + word(random, 6),
  "a guessed secret": (token, random) => token.slice(0, 11) + word(random, 43) + token.slice(54),
};
const names = Object.keys(mutations);

/** A mutant of a real token that is no real token. Which mutation it was goes round, so that each has its share. */
function mutantAt(index: number, random: Random): string {
  const token = pick(random, real);
  for (;;) {
    const mutant = mutations[names[index % names.length] ?? ""]?.(token, random) ?? "";
    if (!isReal.has(mutant)) return mutant;
  }
}

test("a million mutants: none is taken for a token, so none costs a look at the database", () => {
  console.info(`mutants of seed ${seed}`);
  const random = randomFrom(seed);
  const hashes = new Set(real.map((token) => bearerHash(key, token)));
  const survivors: string[] = [];
  for (let index = 0; index < million; index++) {
    const mutant = mutantAt(index, random);
    if (bearerKind(mutant) !== undefined) survivors.push(mutant);
  }
  // A guess has a right sum once in four thousand million times; it is then somebody's who does not exist.
  expect(survivors.length).toBeLessThanOrEqual(1);
  for (const survivor of survivors) expect(hashes.has(bearerHash(key, survivor))).toBe(false);
  expect(real.map(bearerKind)).toEqual(real.map(() => "token"));
}, 20_000);

test("a check of the shape alone would let tens of thousands through: these mutants are no straw men", () => {
  const random = randomFrom(seed);
  let passed = 0;
  for (let index = 0; index < 100_000; index++)
    if (/^mcpctl_pat_[0-9A-Za-z]{49}$/.test(mutantAt(index, random))) passed++;
  expect(passed).toBeGreaterThan(20_000);
});

let db: Database;
beforeAll(async () => {
  db = openDatabase("sqlite::memory:");
  const row = (kind: string, name: string) =>
    ({ id: newId(), kind, name, version: 1, fields: {}, createdAt: 0, updatedAt: 0 }) as const;
  const [project, owner] = [row("project", "demo"), row("user", "ann@example.com")];
  await db.write(function* () {
    yield* insertResource(project);
    yield* insertResource(owner);
    for (const [index, token] of real.entries())
      yield* insertToken({
        id: newId(),
        hash: bearerHash(key, token),
        name: `t${index}`,
        prefix: shownPrefix(token),
        description: null,
        projectId: project.id,
        ownerId: owner.id,
        parentId: null,
        successorId: null,
        tools: null,
        readOnly: false,
        createdAt: 0,
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null,
      });
  });
});
afterAll(() => db.close());

let lookups = 0;
/** Counts every statement that an operation asks for, and lets the database answer it. */
function* counted<T>(operation: Op<T>): Op<T> {
  let step = operation.next();
  while (step.done !== true) {
    lookups++;
    step = operation.next(yield step.value);
  }
  return step.value;
}
const knock = async (bearer: string): Promise<string> => {
  try {
    const caller = await db.read(() => counted(callerOf([key], bearer, 1)));
    return caller.kind === "token" ? `let in as ${caller.token.name}` : caller.kind;
  } catch (error) {
    return (error as Problem).message;
  }
};

test("at the real door: a token is one look at the database, twenty thousand mutants are none", async () => {
  lookups = 0;
  for (const [index, token] of real.entries()) expect(await knock(token)).toBe(`let in as t${index}`);
  expect(lookups).toBe(real.length);
  expect(await knock(mintBearer("token"))).toBe("The token is unknown");
  lookups = 0;
  const random = randomFrom(seed + 1);
  const answers = new Map<string, number>();
  for (let index = 0; index < 20_000; index++) {
    const answer = await knock(mutantAt(index, random));
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  expect([lookups, ...answers]).toEqual([0, ["The token is malformed", 20_000]]);
});
