import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fieldOf, type Head, Malformed } from "../../../../src/mcp/upstream/http1/head.ts";
import { type Listener, Parser } from "../../../../src/mcp/upstream/http1/parser.ts";

/** What is made of bytes that come in these pieces; `ends`: the other side says no more after them. */
function read(pieces: readonly Buffer[], ends = false): string {
  const seen: string[] = [];
  let body = "";
  const parser = new Parser({
    onHead: ({ status, fields }, framing) => void seen.push(`${status} ${JSON.stringify(fields)} ${framing}`),
    onBody(bytes) {
      body += bytes.toString("latin1");
    },
    onWhole({ status, fields }, bytes, from, isKept) {
      seen.push(`${status} ${JSON.stringify(fields)} ${bytes.length - from}`, `whole ${isKept}`);
      body += bytes.toString("latin1", from);
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
    ["a trailer with a line feed alone", inChunks("0", "a:\n b", "", "")],
    ["a trailer with a NUL", inChunks("0", "a: b\0", "", "")],
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

function mutated(text: string, { at, with: what, replaces }: Mutation): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + what + text.slice(place + (replaces ? what.length : 0));
}
type Mutation = { at: number; with: string; replaces: boolean };

test("whatever becomes of an answer, it is read or refused, and the same wherever it is cut", () => {
  fc.assert(
    fc.property(
      texts,
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(300), { maxLength: 20 }),
      (text, mutations, cuts) => {
        const bytes = Buffer.from(mutations.reduce(mutated, text), "latin1");
        expect(read(cutAt(bytes, cuts), true)).toBe(read([bytes], true));
      },
    ),
    { numRuns: 5_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void read([Buffer.from(bytes)], true)));
});

describe("an answer behind others", () => {
  const fields = [
    "content-type",
    "content-encoding",
    "keep-alive",
    "location",
    "mcp-session-id",
    "retry-after",
  ] as const;

  /** What is heeded of each of these answers, which come over one connection, or each over one of its own. */
  function heeded(texts: readonly string[], each: () => Parser): string[] {
    return texts.map((text) => {
      const parser = each();
      parser.expect();
      heard = [];
      try {
        parser.feed(Buffer.from(text, "latin1"));
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        heard.push("refused");
      }
      return heard.join(" | ");
    });
  }
  const isWhole = (what = "") => what.endsWith("true") || / true x*$/.test(what);
  let heard: string[] = [];
  const say = (head: Head, ...rest: unknown[]) =>
    void heard.push([head.status, ...fields.map((name) => fieldOf(head, name)), ...rest].join(" "));
  const listener = (): Listener => ({
    onHead: (head, framing) => say(head, "comes", framing),
    onWhole: (head, bytes, from, isKept) => say(head, isKept, bytes.toString("latin1", from)),
    onBody: (bytes) => void heard.push(bytes.toString("latin1")),
    onEnd: (isKept) => void heard.push(String(isKept)),
  });
  const over = (texts: readonly string[]): string[] => {
    const parser = new Parser(listener());
    return heeded(texts, () => parser);
  };
  const apart = (texts: readonly string[]): string[] => heeded(texts, () => new Parser(listener()));
  const answer = (length: number | string, ...more: string[]) =>
    lines(ok, "Content-Type: application/json", ...more, `Content-Length: ${length}`, "", "x".repeat(Number(length)));

  test("that begins as they did is read for its own length", () => {
    const texts = [1, 22, 333, 0].map((length) =>
      answer(length, `Date: Mon, ${length} Nov 2026 20:04:00 GMT`, "x-id:"),
    );
    expect(over(texts)).toEqual(apart(texts));
    expect(over(texts)[2]).toBe(`200 application/json      true ${"x".repeat(333)}`);
  });

  test.each([
    ["a length that is none", answer(5).replace("h: 5", "h: 5, 5")],
    ["a length with a sign", answer(5).replace("h: 5", "h: +5")],
    ["no length", answer(5).replace("h: 5", "h: ")],
    ["a length beyond all numbers", answer(5).replace("h: 5", `h: ${"0".repeat(15)}5`)],
    ["a line break in its date", answer(5, "date: a\nb")],
    ["a return in its date", answer(5, "date: a\rb")],
    ["a NUL in its date", answer(5, "date: a\0b")],
    ["a second length behind its date", answer(5, "date: a\r\ncontent-length: 6")],
    ["two lengths", answer(5, "date: a", "transfer-encoding: chunked")],
  ])("is refused for %s all the same", (_, text) => {
    for (const first of [answer(5), answer(5, "date: now")]) expect(over([first, text])[1]).toBe("refused");
  });

  test("means what it says, whatever came before", () => {
    const said = fc.record({
      length: fc.constantFrom("3", "3", "03", "4", "2"),
      name: fc.constantFrom("content-length", "Content-Length"),
      more: fc.shuffledSubarray([
        ...["date: a", "date: b, longer", "x-request-id: 1", "x-request-id: ", "set-cookie:\ta=b ", "date: ü"],
        ...["connection: close", "Connection: keep-alive", "keep-alive: timeout=5", "keep-alive: timeout=9"],
        ...["content-type: a/b", "content-type: text/event-stream", "mcp-session-id: 1", "mcp-session-id: 2"],
        ...["content-encoding: gzip", "transfer-encoding: chunked"],
      ]),
      status: fc.constantFrom(ok, ok, ok, "HTTP/1.1 204 No", "HTTP/1.0 200 OK", "HTTP/1.1 200 Fine"),
    });
    const written = said.map(({ length, name, more, status }) =>
      lines(status, ...more, `${name}: ${length}`, "", "xxx"),
    );
    const marks = fc.array(mutation, { maxLength: 2 });
    fc.assert(
      fc.property(written, fc.option(written), marks, (first, other, changes) => {
        const next = changes.reduce(mutated, other ?? first);
        // Over a connection that has ended nothing comes.
        fc.pre(isWhole(apart([first])[0]));
        expect(over([first, next])[1]).toBe(apart([next])[0] ?? "");
      }),
      { numRuns: 5_000 },
    );
  });
});
