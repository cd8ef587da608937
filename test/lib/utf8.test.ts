import { expect, test } from "bun:test";
import { Utf8 } from "../../src/lib/utf8.ts";

const strict = new TextDecoder("utf-8", { fatal: true });

function isDecodable(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function isUtf8(bytes: Uint8Array, size: number): boolean {
  const utf8 = new Utf8();
  for (let at = 0; at < bytes.length; at += size) if (!utf8.add(bytes.subarray(at, at + size))) return false;
  return utf8.end();
}

test("however it is cut, it is UTF-8 exactly when a strict decoder takes it", () => {
  const parts = ["a", "é", "字", "😀"].map((text) => Buffer.from(text));
  const odd = [
    [0xff],
    [0x80],
    [0xc3],
    [0xe5, 0xad],
    [0xf0, 0x9f, 0x98],
    [0xed, 0xa0, 0x80],
    [0xc0, 0xaf],
    [0xf5, 0x80],
  ];
  const all = [...parts, ...odd.map((bytes) => Buffer.from(bytes))];
  for (let n = 0; n < 3_000; n++) {
    const most = n % 2 === 0 ? parts.length : all.length;
    const picked = Array.from({ length: 6 }, () => all[Math.floor(Math.random() * most)] ?? Buffer.alloc(0));
    const bytes = Buffer.concat(picked);
    for (const size of [1, 2, 3, 5, 100])
      expect([bytes.toString("hex"), isUtf8(bytes, size)]).toEqual([bytes.toString("hex"), isDecodable(bytes)]);
  }
});
