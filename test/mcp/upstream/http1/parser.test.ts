import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Malformed } from "../../../../src/mcp/upstream/http1/head.ts";
import { Parser } from "../../../../src/mcp/upstream/http1/parser.ts";

/** What is made of bytes that come in these pieces; `ends`: the other side says no more after them. */
function read(pieces: readonly Buffer[], ends = false): string {
  const seen: string[] = [];
  let body = "";
  const parser = new Parser({
    onHead: ({ status, fields }, framing) => void seen.push(`${status} ${JSON.stringify(fields)} ${framing}`),
    onBody(bytes) {
      body += bytes.toString("latin1");
    },
    onWhole({ status, fields }, bytes, isKept) {
      seen.push(`${status} ${JSON.stringify(fields)} ${bytes.length}`, `whole ${isKept}`);
      body += bytes.toString("latin1");
    },
    onEnd: (isKept) => void seen.push(`whole ${isKept}`),
  });
  parser.expect();
  try {
    for (const piece of pieces) parser.feed(piece);
    if (ends) parser.finish();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    seen.push(`refused`);
  }
  return `${seen.join(" | ")} <${body}>`;
}

const cutAt = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((place, n) => bytes.subarray(places[n], place));
};
const lines = (...all: string[]): string => all.join("\r\n");
const whole = (text: string, ends = false): string => read([Buffer.from(text, "latin1")], ends);

const ok = "HTTP/1.1 200 OK";
const answers = {
  "a body of a length": lines(ok, "Content-Type: a/b", "content-length: 5", "", "hello"),
  "no body": lines(ok, "content-length: 0", "", ""),
  chunks: lines(ok, "transfer-encoding: Chunked", "", "5;a=b", "hello", "0006", " world", "0", "x-after: 1", "", ""),
  "what comes before": lines(
    "HTTP/1.1 103 Early",
    "link: x",
    "",
    "HTTP/1.1 100 Continue",
    "",
    ok,
    "content-length: 1",
    "",
    "x",
  ),
  "no content": lines("HTTP/1.1 204 No Content", "", ""),
  "not modified": lines("HTTP/1.1 304 Not Modified", "content-length: 700", "", ""),
  "an end": lines("HTTP/1.1 200 OK", "connection: x, Close", "content-length: 1", "", "x"),
  "an old one": lines("HTTP/1.0 200 OK", "content-length: 1", "", "x"),
  "an old one that stays": lines("HTTP/1.0 200 OK", "connection: Keep-Alive", "content-length: 1", "", "x"),
  "a body until the end": lines(ok, "", "until the end"),
};

test("answers are read as RFC 9112 has it", () => {
  const read = Object.fromEntries(Object.entries(answers).map(([name, text]) => [name, whole(text, true)]));
  expect(read).toEqual({
    "a body of a length": '200 ["content-type","a/b","content-length","5"] 5 | whole true <hello>',
    "no body": '200 ["content-length","0"] 0 | whole true <>',
    chunks: '200 ["transfer-encoding","Chunked"] chunked | whole true <hello world>',
    "what comes before": '200 ["content-length","1"] 1 | whole true <x>',
    "no content": "204 [] 0 | whole true <>",
    "not modified": '304 ["content-length","700"] 0 | whole true <>',
    "an end": '200 ["connection","x, Close","content-length","1"] 1 | whole false <x>',
    "an old one": '200 ["content-length","1"] 1 | whole false <x>',
    "an old one that stays": '200 ["connection","Keep-Alive","content-length","1"] 1 | whole true <x>',
    "a body until the end": "200 [] close | whole false <until the end>",
  });
});

describe("refused is", () => {
  const withFields = (...fields: string[]) => lines(ok, ...fields, "", "hello");
  const inChunks = (...rest: string[]) => lines(ok, "transfer-encoding: chunked", "", ...rest);
  test.each([
    ["a length twice", withFields("content-length: 5", "content-length: 6")],
    ["the same length twice", withFields("content-length: 5", "content-length: 5")],
    ["a list of lengths", withFields("content-length: 5, 5")],
    ["a length with a sign", withFields("content-length: +5")],
    ["a negative length", withFields("content-length: -5")],
    ["a length in hex", withFields("content-length: 0x5")],
    ["an empty length", withFields("content-length:")],
    ["a length beyond all numbers", withFields(`content-length: ${"9".repeat(16)}`)],
    ["a length and chunks", withFields("content-length: 5", "transfer-encoding: chunked")],
    ["another coding", withFields("transfer-encoding: gzip, chunked")],
    ["chunks twice", withFields("transfer-encoding: chunked", "transfer-encoding: chunked")],
    ["what only looks like chunks", withFields("transfer-encoding: xchunked")],
    ["chunks of an old server", lines("HTTP/1.0 200 OK", "transfer-encoding: chunked", "", "0", "", "")],
    ["a field that goes on in the next line", withFields("a: b", " c: d")],
    ["a space before the colon", withFields("content-length : 5")],
    ["a field without a name", withFields(": b")],
    ["a field without a colon", withFields("what")],
    ["a NUL", withFields("a: b\0c")],
    ["a return alone", withFields("a: b\rcontent-length: 5")],
    ["a line feed alone", withFields("a: b\ncontent-length: 5")],
    ["line feeds for line ends", "HTTP/1.1 200 OK\ncontent-length: 5\n\nhello"],
    ["another version", lines("HTTP/2 200 OK", "", "")],
    ["another protocol", "SSH-2.0-OpenSSH"],
    ["TLS", "\x15\x03\x01\x00\x02\x02\x50"],
    ["a status of two digits", lines("HTTP/1.1 20 OK", "", "")],
    ["a status below all", lines("HTTP/1.1 099 OK", "", "")],
    ["a change of protocol", lines("HTTP/1.1 101 Switching", "", "")],
    ["words before the answer", `\r\n${withFields("content-length: 5")}`],
    ["endless answers before the answer", lines("HTTP/1.1 100 Continue", "", "").repeat(17)],
    ["over 128 fields", withFields(...Array.from({ length: 129 }, (_, n) => `x-${n}: y`))],
    ["a head over 64 KiB", withFields(`a: ${"x".repeat(65_536)}`)],
    ["a head over 64 KiB that has not ended", `${ok}\r\na: ${"x".repeat(65_536)}`],
    ["a chunk without a size", inChunks(";a", "hello", "0", "", "")],
    ["a chunk with a sign", inChunks("+5", "hello", "0", "", "")],
    ["a size in hex", inChunks("0x5", "hello", "0", "", "")],
    ["a size beyond all numbers", inChunks("1".repeat(13), "hello")],
    ["a chunk longer than it says", inChunks("4", "hello", "0", "", "")],
    ["a chunk shorter than it says", inChunks("6", "hello", "0", "", "")],
    ["a size line that ends in a line feed", inChunks("5\nhello")],
    ["an endless extension", inChunks(`5;${"x".repeat(5_000)}`)],
    ["a trailer that is no field", inChunks("0", "what", "", "")],
    ["endless trailers", inChunks("0", ...Array.from({ length: 200 }, () => `a: ${"x".repeat(100)}`), "", "")],
  ])("%s", (_, text) => {
    expect(whole(text)).toContain("refused");
    expect(
      read(
        cutAt(
          Buffer.from(text, "latin1"),
          Array.from({ length: 200 }, (_x, n) => n),
        ),
      ),
    ).toContain("refused");
  });

  test("more than was asked for", () => {
    expect(whole(answers["a body of a length"] + answers["a body of a length"])).toEndWith(
      "whole true | refused <hello>",
    );
  });

  test.each(["a body of a length", "chunks", "what comes before"] as const)("an end in the middle of %s", (name) => {
    for (let length = 0; length < answers[name].length; length++)
      expect(whole(answers[name].slice(0, length), true)).toContain("refused");
  });

  test("a body where there may be none is not the next answer", () => {
    const text = lines("HTTP/1.1 204 No Content", "content-length: 5", "", "");
    expect(whole(text)).toContain("whole false");
  });
});

const texts = fc.constantFrom(...Object.values(answers));

test("answers are the same wherever they are cut", () => {
  fc.assert(
    fc.property(texts, fc.array(fc.nat(300), { maxLength: 20 }), fc.boolean(), (text, cuts, ends) => {
      expect(read(cutAt(Buffer.from(text, "latin1"), cuts), ends)).toBe(whole(text, ends));
    }),
    { numRuns: 2_000 },
  );
});

/** Characters that mean something stand where others were, or in between. */
const mutation = fc.record({
  at: fc.nat(300),
  with: fc.constantFrom(
    "\r",
    "\n",
    "\0",
    ":",
    " ",
    ";",
    ",",
    "0",
    "9",
    "f",
    "\r\n",
    "\r\n\r\n",
    "content-length: 3\r\n",
  ),
  replaces: fc.boolean(),
});

test("whatever becomes of an answer, it is read or refused, and the same wherever it is cut", () => {
  fc.assert(
    fc.property(
      texts,
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(300), { maxLength: 20 }),
      (text, mutations, cuts) => {
        let mutated = text;
        for (const { at, with: what, replaces } of mutations) {
          const place = at % (mutated.length + 1);
          mutated = mutated.slice(0, place) + what + mutated.slice(place + (replaces ? what.length : 0));
        }
        expect(read(cutAt(Buffer.from(mutated, "latin1"), cuts), true)).toBe(whole(mutated, true));
      },
    ),
    { numRuns: 5_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void read([Buffer.from(bytes)], true)));
});
