import { afterAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { Crumbs } from "../../src/lib/crumbs.ts";
import { Bones } from "../../src/mcp/bones.ts";
import { bodies } from "../../src/server/body.ts";

const KiB = 1024;
const server = Bun.serve({
  port: 0,
  error: (error) => new Response(error.message),
  async fetch(request) {
    const bones = await bodies.read(request, 1024 * KiB, "as set");
    if (!(bones instanceof Bones)) return new Response("no bones");
    const pieces = bones.pieces(0, bones.text.length).length;
    return new Response(`${pieces} ${Bun.hash(bones.whole())} ${bones.left.length}`);
  },
});
afterAll(() => server.stop(true));

/** Posts these chunks over a socket of its own, as they are. Answers what the server says. */
function post(chunks: Iterable<string>, encoding: BufferEncoding = "utf8"): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(server.port ?? 0, "127.0.0.1", () => {
      socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
      socket.write("Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
      let some = "";
      for (const chunk of chunks) some += `${Buffer.byteLength(chunk, encoding).toString(16)}\r\n${chunk}\r\n`;
      socket.write(`${some}0\r\n\r\n`, encoding);
    });
    socket.on("data", (bytes) => {
      answer += bytes;
    });
    socket.on("close", () => resolve(answer.split("\r\n\r\n")[1] ?? ""));
    socket.on("error", reject);
  });
}

test("a message that comes byte by byte is kept in few pieces, and whole", async () => {
  const text = JSON.stringify({ params: { arguments: { text: "0123456789".repeat(10 * KiB), list: [1, 2] } } });
  const [pieces, hash, left] = (await post(text)).split(" ");
  expect(hash).toBe(`${Bun.hash(text)}`);
  expect(left).toBe("1");
  expect(Number(pieces)).toBeLessThan(text.length / (16 * KiB) + 4);
}, 20_000);

test("what will be refused is read to its end first", async () => {
  const chunk = "x".repeat(100 * KiB);
  expect(await post(Array(11).fill(chunk))).toBe("The body is over 1 MiB; as set");
  expect(await post([chunk, "\xff", chunk, chunk], "latin1")).toBe("The body is not UTF-8");
  expect(await post(["\xe5", "\xad"], "latin1")).toBe("The body is not UTF-8");
});

const bytesOf = (size: number, from: number) => Uint8Array.from({ length: size }, (_, n) => (from + n) % 251);

test.each([[[1]], [[16_000]], [[1, 16 * KiB]], [[1, 2, 20_000, 3]], [[0, 0, 5]], [[300_000]]])(
  "chunks of %j bytes come in their order, and none is written to again",
  (sizes) => {
    const crumbs = new Crumbs();
    const given: Uint8Array[] = [];
    const got: Uint8Array[] = [];
    for (let n = 0, from = 0; n < 100; n++) {
      const bytes = bytesOf(sizes[n % sizes.length] ?? 0, from);
      from += bytes.length;
      given.push(bytes);
      got.push(...crumbs.add(bytes.slice()));
    }
    got.push(...crumbs.end());
    expect(crumbs.end()).toEqual([]);
    expect(Buffer.concat(got).equals(Buffer.concat(given))).toBe(true);
    expect(got.every(({ length }) => length > 0)).toBe(true);
    const size = given.reduce((sum, { length }) => sum + length, 0);
    expect(got.length).toBeLessThanOrEqual((2 * size) / (16 * KiB) + 1);
    expect(got.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBe(size);
  },
);

test("one that is alone goes on as it came", () => {
  const crumbs = new Crumbs();
  const alone = bytesOf(200, 0);
  crumbs.add(alone);
  expect(crumbs.end()[0]).toBe(alone);
});
