import { expect, test } from "bun:test";
import { seed } from "../rbac/properties/settings.ts";
import { type Crashes, crash, withoutTheLast } from "./crash.ts";
import { createLedger } from "./ledger.ts";

/** `bun run crash` plays 500 within two minutes, `CYCLES=10000 MINUTES=60 bun run crash` as many as fit; `SEED=…` kills by the same plan. */
const cycles = Number(process.env["CYCLES"] ?? 20);
const minutes = Number(process.env["MINUTES"] ?? 2);
/** Side by side, each on data of its own; anew after so many cycles, since what is looked through grows. */
const lanes = 2;
const cyclesOfOne = 50;

async function lane(n: number, until: number): Promise<Crashes[]> {
  const played: Crashes[] = [];
  for (let left = Math.ceil(cycles / lanes); left > 0 && performance.now() < until; left -= cyclesOfOne)
    played.push(await crash({ seed: seed + 1_000 * n + left, cycles: Math.min(left, cyclesOfOne), until }));
  return played;
}

test(
  `killed ${cycles} times while it is written to: what was acknowledged is there, whole, and told of`,
  async () => {
    const from = performance.now();
    const until = from + minutes * 60_000;
    const played = (await Promise.all(Array.from({ length: lanes }, (_, n) => lane(n, until)))).flat();
    const sum = (what: "cycles" | "acknowledged" | "unanswered") => played.reduce((all, one) => all + one[what], 0);
    const starts = played.flatMap(({ startMs }) => startMs).sort((a, b) => a - b);
    process.stdout.write(
      `${sum("cycles")} of ${cycles} kills in ${Math.round((performance.now() - from) / 1000)} s: ${sum("acknowledged")} writes ` +
        `acknowledged, ${sum("unanswered")} without an answer, ready again after ${Math.round(starts[starts.length >> 1] ?? 0)} ms ` +
        `(p50), SEED=${seed}\n`,
    );
    expect([seed, played.flatMap(({ faults }) => faults)]).toEqual([seed, []]);
    expect(sum("acknowledged")).toBeGreaterThan(sum("cycles"));
  },
  minutes * 60_000 + 60_000,
);

test("a disk that loses what it said it wrote is found out", async () => {
  const { faults } = await crash({ seed, cycles: 10, until: Number.POSITIVE_INFINITY, afterKill: withoutTheLast });
  expect(faults.length).toBeGreaterThan(0);
}, 60_000);

test("an acknowledged write that is gone, one done by halves and one that the log does not tell of are faults", async () => {
  const ledger = createLedger();
  const write = (key: string, value: string | undefined, send: () => Promise<boolean>) =>
    ledger.write([{ key, action: "create", value }], send).catch(() => "no answer");
  const noAnswer = async () => Promise.reject(new Error("killed"));
  await write("kept", "1", async () => true);
  await write("gone", "1", async () => true);
  await write("refused", "1", async () => false);
  await write("either", "1", noAnswer);
  await write("other", "1", noAnswer);
  const there = new Map([
    ["kept", "1"],
    ["refused", "1"],
    ["other", "2"],
  ]);
  expect(ledger.compare(there)).toEqual([
    "gone is absent, was acknowledged as 1",
    "refused is 1, was acknowledged as absent",
    "other is 2, was acknowledged as absent",
  ]);
  expect(
    ledger.compareLog(
      new Map([
        ["create kept", 1],
        ["create either", 1],
        ["create other", 2],
      ]),
    ),
  ).toEqual(["create gone is told 0 times, was done 1", "create other is told 2 times, was done 0"]);
});
