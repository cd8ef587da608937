import type { Answer, Connection } from "./connection.ts";

/** What one caller sends again and again, and how it is seen that the answer is one. */
export type Caller = { connection: Connection; next: () => Uint8Array; isGood: (answer: Answer) => boolean };

/** How long each call took, in ms, and all of them together, in seconds. */
export type Driven = { times: Float64Array; seconds: number };

/** As many calls as wanted, by all callers at once, each after the answer to its last. @throws when an answer is not what it must be */
export async function drive(callers: readonly Caller[], calls: number): Promise<Driven> {
  const times = new Float64Array(calls);
  let begun = 0;
  const from = performance.now();
  await Promise.all(
    callers.map(async (caller) => {
      while (begun < calls) {
        const n = begun++;
        times[n] = await call(caller);
      }
    }),
  );
  return { times, seconds: (performance.now() - from) / 1000 };
}

/** The golden section: what is moved by it again and again falls evenly on all places, and never on the same. */
const section = 0.618034;

/**
 * So many calls a second, whether the last was answered or not, by callers in turn. At even steps they would keep step with whatever a program does once
 * a second, and meet it each time or never.
 */
export async function steadily(callers: readonly Caller[], calls: number, perSecond: number): Promise<Driven> {
  const times = new Float64Array(calls);
  const from = performance.now();
  const underWay: Promise<void>[] = [];
  for (let n = 0; n < calls; n++) {
    const due = from + ((n + ((n * section) % 1)) * 1000) / perSecond;
    await Bun.sleep(Math.max(0, due - performance.now()));
    const caller = callers[n % callers.length];
    if (caller === undefined) throw new Error("nobody calls");
    underWay.push(
      call(caller).then((took) => {
        times[n] = took;
      }),
    );
  }
  await Promise.all(underWay);
  return { times, seconds: (performance.now() - from) / 1000 };
}

async function call({ connection, next, isGood }: Caller): Promise<number> {
  const sent = performance.now();
  const answer = await connection.send(next());
  const took = performance.now() - sent;
  if (!isGood(answer)) throw new Error(`a wrong answer: ${answer.head}\n${answer.body.toString().slice(0, 300)}`);
  return took;
}
