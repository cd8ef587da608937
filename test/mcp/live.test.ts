import { expect, test } from "bun:test";
import { Ending } from "../../src/lib/ending.ts";
import { EventOut } from "../../src/mcp/downstream/event-out.ts";
import { createLives } from "../../src/mcp/downstream/live.ts";
import { createReaders } from "../../src/mcp/downstream/readers.ts";
import { Transcripts } from "../../src/mcp/downstream/transcript.ts";

const readers = createReaders();
const facts = (id: string) => ({ id, version: "2025-11-25", abilities: {}, clientInfo: undefined });

test("a flood of sessions ends sessions of whoever floods, and nobody's call", () => {
  let now = 0;
  const ended: string[] = [];
  const lives = createLives({ now: () => now++ }, (id) => void ended.push(id));
  const kind = lives.of(facts("kind"), "kind@example.com");
  const call = new Ending();
  kind.running.set("1", call);
  for (let n = 0; n < 25_000; n++) lives.of(facts(`mean ${n}`), "mean@example.com");
  expect(lives.size()).toBeLessThanOrEqual(10_000);
  expect(lives.find("kind")).toBe(kind);
  expect(call.hasEnded).toBe(false);
  // Whoever followed something in a session that ended follows it no more.
  expect(ended.length).toBe(25_001 - lives.size());
  lives.close();
});

test("what can be had again is bounded for all together at every moment, and taken from who has most", () => {
  const lives = createLives({ now: () => 0 }, () => {});
  const megabyte = "x".repeat(1024 * 1024);
  const kind = lives.of(facts("kind"), "kind@example.com").transcripts;
  kind.say(megabyte);
  for (let n = 0; n < 100; n++) {
    const { transcripts } = lives.of(facts(`mean ${n}`), "mean@example.com");
    for (let i = 0; i < 3; i++) transcripts.say(megabyte);
  }
  const kept = Array.from({ length: 100 }, (_, n) => lives.find(`mean ${n}`)?.transcripts.bytes() ?? 0);
  expect(kept.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(64 * megabyte.length);
  expect(kind.bytes()).toBe(megabyte.length);
  lives.close();
});

test("a session of many calls takes no longer for each of them", () => {
  let bytes = 0;
  const transcripts = new Transcripts(
    true,
    () => 0,
    (by) => {
      bytes += by;
    },
  );
  const begun = performance.now();
  for (let n = 0; n < 20_000; n++) {
    const one = transcripts.post();
    one.add("answer");
    one.end();
  }
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(bytes).toBe(500 * "answer".length);
  expect(transcripts.resume("1.0", new EventOut(readers))).toBe(false);
  expect(transcripts.resume("19999.0", new EventOut(readers))).toBe(true);
  transcripts.close();
  expect(bytes).toBe(0);
});
