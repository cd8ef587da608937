import { describe, expect, test } from "bun:test";
import { callAsked, callLogged } from "../../../src/mcp/upstream/attribution.ts";
import { peerOf } from "./ways.ts";

const calls = (...subjects: (string | undefined)[]) =>
  new Map(subjects.map((subject, id) => [id, { id, peer: subject === undefined ? undefined : peerOf(subject) }]));

describe("a server's question belongs to", () => {
  test.each([
    ["the call on whose stream it came", calls("a", "b"), 0, 0],
    ["nobody when that call is over", calls("a", "b"), 7, "nobody"],
    ["the only call", calls("a"), undefined, 0],
    ["the only call of a client", calls(undefined, "a", undefined), undefined, 1],
    ["the newest when all are one caller's", calls("a", "a", "a"), undefined, 2],
    ["nobody it could be told of, when they are not", calls("a", "b"), undefined, "unclear"],
    ["nobody when there is no call", calls(), undefined, "nobody"],
    ["nobody when no client calls", calls(undefined), undefined, "nobody"],
  ])("%s", (_, under, via, expected) => {
    const call = callAsked(under, via);
    expect<unknown>(typeof call === "string" ? call : call.id).toBe(expected);
  });
});

describe("a log message is heard by", () => {
  const wanting = (...levels: (string | undefined)[]) =>
    new Map(
      levels.map((logLevel, id) => [id, { id, peer: peerOf("a", { logLevel: logLevel as "info" | undefined }) }]),
    );

  const besides = (subject: string) =>
    new Map([
      [0, { id: 0, peer: peerOf("a", { logLevel: "info" as const }) }],
      [1, { id: 1, peer: peerOf(subject) }],
    ]);

  test.each([
    ["the only call that wants any", wanting(undefined, "info"), undefined, "info", 1],
    ["nobody below its level", wanting(undefined, "warning"), undefined, "info", undefined],
    ["nobody when two want some", wanting("info", "info"), undefined, "error", undefined],
    ["the call on whose stream it came", wanting("info", "info"), 1, "error", 1],
    ["nobody when that call wants none", wanting("info", undefined), 1, "error", undefined],
    ["nobody when that call is over", wanting("info"), 9, "error", undefined],
    ["nobody when it may be about another caller's", besides("b"), undefined, "error", undefined],
    ["the one that wants any when all are one caller's", besides("a"), undefined, "error", 0],
    ["nobody at a level that there is not", wanting("debug"), undefined, "loud", undefined],
  ])("%s", (_, under, via, level, expected) => {
    expect(callLogged(under, via, level)?.id).toBe(expected as number);
  });
});
