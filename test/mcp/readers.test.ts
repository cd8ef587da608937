import { describe, expect, test } from "bun:test";
import { createReaders, type Reader } from "../../src/mcp/downstream/readers.ts";

const reader = (): Reader => ({ beat: () => {}, unread: () => 0, drop: () => {} });

describe("memory that openings took is collected", () => {
  test("once for each 128 that stay open", () => {
    let collected = 0;
    const readers = createReaders(undefined, () => collected++);
    const leaves = Array.from({ length: 1_000 }, () => readers.watch(reader()));
    expect(collected).toBe(7);
    for (const leave of leaves) leave();
    for (let n = 0; n < 127; n++) readers.enter(reader());
    expect(collected).toBe(7);
  });

  test("not for many that come and go", () => {
    let collected = 0;
    const readers = createReaders(undefined, () => collected++);
    for (let n = 0; n < 10_000; n++) readers.watch(reader())();
    expect(collected).toBe(0);
  });
});
