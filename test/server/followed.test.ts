import { expect, test } from "bun:test";
import { followed } from "../../src/server/followed.ts";

test("a slow reader is told what it missed, and its lines never fill our memory", async () => {
  let line: (text: string) => void = () => {};
  let end = () => {};
  let gone = 0;
  const stream = followed("first\n", new AbortController().signal, (...given) => {
    [line, end] = given;
    return () => void gone++;
  });
  const reader = stream.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await read()).toBe("first\n");
  for (let i = 0; i < 10_000; i++) line("x".repeat(1_000));
  let text = "";
  while (!text.includes("dropped")) text += await read();
  expect(text.length).toBeLessThan(600 * 1024);
  const kept = text.split("\n").filter((each) => each.startsWith("x")).length;
  expect(text).toContain(`--- ${10_000 - kept} lines were dropped: they came faster than they were read ---\n`);
  line("again");
  expect(await read()).toBe("again\n");
  line("last");
  end();
  expect(await read()).toBe("last\n");
  expect([(await reader.read()).done, gone]).toEqual([true, 1]);
});

test("it ends with its reader and with the server", async () => {
  let gone = 0;
  const stopping = new AbortController();
  const follow = () => followed("", stopping.signal, () => () => void gone++);
  await follow().cancel();
  expect(gone).toBe(1);
  const reader = follow().getReader();
  const reading = reader.read();
  stopping.abort();
  expect((await reading).done).toBe(true);
  expect((await follow().getReader().read()).done).toBe(true);
  expect(gone).toBe(3);
});
