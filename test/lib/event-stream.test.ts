import { expect, test } from "bun:test";
import fc from "fast-check";
import type { ServerEvent } from "../../src/lib/event-reader.ts";
import { eventsOf } from "../../src/lib/event-stream.ts";
import { beyondOfStream } from "../../src/mcp/upstream/http.ts";

async function read(text: string, cuts: readonly number[], maxBytes = 1_000): Promise<ServerEvent[]> {
  const bytes = new TextEncoder().encode(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let n = 1; n < places.length; n++) controller.enqueue(bytes.slice(places[n - 1], places[n]));
      controller.close();
    },
  });
  return await Array.fromAsync(eventsOf(body, maxBytes, beyondOfStream));
}

test("events are the same wherever the stream is cut and however its lines end", async () => {
  const lines = [
    ": hello",
    "",
    "event: e",
    "data: ä",
    "data:b",
    "id: 7",
    "retry: 20",
    "",
    "id: 8",
    "data",
    "",
    "",
    "nothing: x",
    "",
    "data: lost",
  ];
  const expected: ServerEvent[] = [
    { event: "e", data: "ä\nb", id: "7", retryMs: 20 },
    { event: "message", data: "", id: "8" },
    { event: "message", data: "" },
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(200), { maxLength: 12 }),
      fc.constantFrom("\n", "\r\n", "\r"),
      async (cuts, end) => {
        expect(await read(lines.join(end), cuts)).toEqual(expected);
      },
    ),
  );
});

test("a retry that is no number and an id with a null in it are ignored", async () => {
  expect(await read("retry: 1e3\nretry: -1\nid: a\0b\ndata: x\n\n", [])).toEqual([{ event: "message", data: "x" }]);
});

test.each([
  ["one long line", `data: ${"x".repeat(2_000)}`],
  ["many lines", "data: x\n".repeat(300)],
  ["comments", `:${"x".repeat(99)}\n`.repeat(20)],
])("an event of %s over the bound is an error, before it ends", async (_, text) => {
  await expect(read(text, [500, 900, 1_300])).rejects.toThrow("an event of over 1 KiB; limits.lineBytes");
  expect(await read(`${text.slice(0, 800)}\n\n`, [])).toBeArray();
});

test("many short lines take no room: comments are not kept, and an event has no more than 200,000 lines", async () => {
  const many = 250_000;
  expect(await read(`${":\n".repeat(many)}data: x\n\n`, [], 10_000_000)).toEqual([{ event: "message", data: "x" }]);
  // Not `rejects`: bun test waits for that in a loop of its own, which sleeps through what was set for the next turn.
  const refused = await read("data\n".repeat(many), [], 10_000_000).catch((error: unknown) => error);
  expect(String(refused)).toContain("an event of over 200000 lines");
});

test("a chunk of nothing but ends of lines leaves turns of the event loop to others", async () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await read(`${":\n".repeat(250_000)}data: x\n\n`, [], 10_000_000);
  isOver = true;
  // Half a megabyte in one chunk: as many turns as shares of it, however fast the machine is.
  expect(turns).toBeGreaterThan(2);
});
