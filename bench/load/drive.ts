import type { Answer, Connection } from "./connection.ts";

/** What one caller sends again and again, and how it is seen that the answer is one. */
export type Caller = { connection: Connection; request: Uint8Array; isGood: (answer: Answer) => boolean };

/** How long each call took, in ms, and all of them together, in seconds. */
export type Driven = { times: Float64Array; seconds: number };

/** As many calls as wanted, by all callers at once, each after the answer to its last. @throws when an answer is not what it must be */
export async function drive(callers: readonly Caller[], calls: number): Promise<Driven> {
  const times = new Float64Array(calls);
  let begun = 0;
  const from = performance.now();
  async function call({ connection, request, isGood }: Caller): Promise<void> {
    while (begun < calls) {
      const n = begun++;
      const sent = performance.now();
      const answer = await connection.send(request);
      times[n] = performance.now() - sent;
      if (!isGood(answer)) throw new Error(`a wrong answer: ${answer.head}\n${answer.body.toString().slice(0, 300)}`);
    }
  }
  await Promise.all(callers.map(call));
  return { times, seconds: (performance.now() - from) / 1000 };
}
