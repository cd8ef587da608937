import { expect, test } from "bun:test";
import { join } from "node:path";
import { diceOf, seed } from "../rbac/properties/settings.ts";
import { findingOf } from "./difference.ts";
import { faults } from "./faults.ts";
import { type Gate, inPieces, ours } from "./gate.ts";
import { headersOf, hugeFrom, messageFrom } from "./messages.ts";

/** How many messages: 50,000 by `bun run fuzz`, 5,000 among all tests. `SEED=… RUNS=… bun test test/fuzz` sends the same ones again. */
const runs = Number(process.env["RUNS"] ?? 5_000);

/** A message that was found wrong, or nearly, one a file; what the fuzzer finds is put there. */
const corpus = join(import.meta.dir, "corpus");
const kept = [...new Bun.Glob("*").scanSync(corpus)].sort();

test.each(kept)("corpus: %s", async (file) => {
  const text = await Bun.file(join(corpus, file)).text();
  for (const headers of [{}, headersOf(text)]) {
    for (const gate of [ours, inPieces])
      expect((await findingOf(gate, text, new Headers(headers))).wrong).toBeUndefined();
  }
});

test("the corpus holds what each fault is found by", async () => {
  for (const gate of Object.values(faults)) {
    const texts = await Promise.all(kept.map((file) => Bun.file(join(corpus, file)).text()));
    const findings = await Promise.all(texts.map((text) => findingOf(gate, text, new Headers())));
    expect(findings.some(({ wrong }) => wrong !== undefined)).toBe(true);
  }
});

/** The nth message of a seed, and what becomes of it. */
async function nth(gate: Gate, n: number) {
  const dice = diceOf(seed + n);
  const text = n % 1_000 === 999 ? hugeFrom(dice) : messageFrom(dice);
  const headers = dice.once(12) ? {} : headersOf(text);
  return { text, headers, ...(await findingOf(gate, text, new Headers(headers))) };
}

/** Cut into pieces it must have the same fate. What is very long comes in pieces anyway; half a surrogate pair is nothing that bytes can say. */
async function wrongInPieces(text: string, headers: Record<string, string>, fate: string): Promise<string | undefined> {
  if (text.length > 100_000 || !text.isWellFormed()) return undefined;
  const other = await findingOf(inPieces, text, new Headers(headers));
  return other.wrong ?? (other.fate === fate ? undefined : `it is ${other.fate} in pieces`);
}

test("nothing crashes, nothing hangs, and what is judged is what is forwarded", async () => {
  const fates = { refused: 0, "let in": 0, forwarded: 0 };
  const from = performance.now();
  for (let n = 0; n < runs; n++) {
    const { text, headers, fate, ...found } = await nth(ours, n);
    const wrong = found.wrong ?? (await wrongInPieces(text, headers, fate));
    if (wrong !== undefined)
      throw new Error(`SEED=${seed}, message ${n}: ${wrong}\n${JSON.stringify(text.slice(0, 500))}`);
    fates[fate]++;
  }
  const ms = Math.round(performance.now() - from);
  process.stdout.write(`${runs} messages in ${ms} ms, SEED=${seed}: ${JSON.stringify(fates)}\n`);
  // Neither nearly all refused nor nearly all let in, or nothing was compared.
  expect(fates.forwarded / runs).toBeGreaterThan(0.15);
  expect(fates.refused / runs).toBeGreaterThan(0.15);
}, 300_000);

test.each(Object.entries(faults))(
  "a gate that %s is found out",
  async (_, gate) => {
    let wrong: string | undefined;
    for (let n = 0; wrong === undefined && n < 20_000; n++) wrong = (await nth(gate, n)).wrong;
    expect(wrong).toBeDefined();
  },
  60_000,
);
