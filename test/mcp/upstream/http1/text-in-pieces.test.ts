import { expect, test } from "bun:test";
import { TextInPieces } from "../../../../src/mcp/upstream/http1/text-in-pieces.ts";

const text = 'A "word" of 字 and 😀, again and again.\n'.repeat(20_000);
const bytes = Buffer.from(text);

/** Each chunk in memory of its own, as a connection gives it. */
function piecesOf(whole: Buffer, size: number): readonly string[] {
  const reading = new TextInPieces();
  for (let at = 0; at < whole.length; at += size) reading.add(Buffer.from(whole.subarray(at, at + size)));
  return reading.pieces();
}

test.each([1, 7, 1_000, 16_384, 65_536, 1_000_000])("a body in chunks of %d bytes is the same text", (size) => {
  expect(piecesOf(bytes, size).join("")).toBe(text);
  for (const short of [0, 1, 40, 5_000])
    expect(piecesOf(bytes.subarray(0, 47 * short), size).join("")).toBe(bytes.subarray(0, 47 * short).toString());
});

test("what is sent byte by byte is no more pieces than what is sent at once, and little is one", () => {
  expect(piecesOf(bytes, 1).length).toBeLessThan(bytes.length / 16_384 + 20);
  expect(piecesOf(bytes.subarray(0, 200_000), 1)).toHaveLength(1);
});
