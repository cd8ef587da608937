import { expect, test } from "bun:test";
import fc from "fast-check";
import { demultiplexer, type Frame } from "../../../src/instances/container/frames.ts";

const framed = (number: number, bytes: Uint8Array): Buffer => {
  const head = Buffer.alloc(8);
  head[0] = number;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};
const joined = (frames: readonly Frame[], stream: Frame["stream"]) =>
  Buffer.concat(frames.filter((frame) => frame.stream === stream).map(({ bytes }) => bytes)).toString("hex");

const pieces = fc.array(fc.record({ number: fc.constantFrom(1, 2, 3), bytes: fc.uint8Array({ maxLength: 40 }) }));

test("what was written to each stream arrives whole and in order, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(400)), (written, cuts) => {
      const all = Buffer.concat(written.map(({ number, bytes }) => framed(number, bytes)));
      const places = [...cuts.map((cut) => Math.min(cut, all.length)), 0, all.length].toSorted((a, b) => a - b);
      const part = demultiplexer();
      const frames = places.flatMap((place, i) => part(all.subarray(places[i - 1] ?? 0, place)));
      for (const stream of ["stdout", "stderr"] as const) {
        const sent = written.filter(({ number }) => (number === 1) === (stream === "stdout"));
        expect(joined(frames, stream)).toBe(Buffer.concat(sent.map(({ bytes }) => bytes)).toString("hex"));
      }
    }),
  );
});

test("a piece that claims to be 4 GiB is passed on as it comes, and nothing waits for the rest", () => {
  const part = demultiplexer();
  const frames = part(Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7b, 0x7d]));
  expect(frames.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["{}"]);
});

test("bytes that are no frames are seen, such as those of a container with a terminal", () => {
  expect(() => demultiplexer()(Buffer.from('{"jsonrpc":"2.0"}\n'))).toThrow("something else than a container's output");
});
