import { expect, test } from "bun:test";
import { serverOutput } from "../../src/instances/output.ts";

async function* bytes(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield new TextEncoder().encode(piece);
}

test("what takes a message its time has the next one wait; words of its own are logged", async () => {
  const logged: string[] = [];
  const output = serverOutput({ add: (line: string) => logged.push(line) });
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  output.onMessage((text) => {
    told.push(text);
    return text === '{"n":1}' ? first.promise : undefined;
  });
  const reading = output.read(bytes('{"n":1}\nhello\n{"n"', ':2}\n{"n":3}\n'), 1_000, () => {});
  await Bun.sleep(20);
  expect(told).toEqual(['{"n":1}']);
  first.resolve();
  await reading;
  expect(told).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  expect(logged).toEqual(["[stdout] hello"]);
});
