import { expect, test } from "bun:test";
import type { Inbound } from "../../src/mcp/downstream/inbound.ts";
import { whoIn } from "../../src/mcp/downstream/who.ts";
import { membersOf } from "../../src/mcp/spans.ts";
import { inEnvelope } from "../../src/mcp/upstream/envelope.ts";
import { peerOf } from "./upstream/ways.ts";

const info = "io.modelcontextprotocol/clientInfo";
const abilities = "io.modelcontextprotocol/clientCapabilities";

function inboundWith(meta: Record<string, unknown>): Inbound {
  const brief = JSON.stringify({ name: "x", _meta: meta });
  return { meta, brief, members: membersOf(brief) } as unknown as Inbound;
}

test("who says the same of itself is the same, and anybody else is another", () => {
  const said = { [info]: { name: "a" }, [abilities]: { roots: {}, other: {} } };
  const who = whoIn(inboundWith(said));
  expect(who).toEqual({ clientInfo: { name: "a" }, abilities: { roots: {} } });
  expect(whoIn(inboundWith(structuredClone(said)))).toBe(who);
  expect(whoIn(inboundWith({ ...said, [info]: { name: "b" } }))).toEqual({ ...who, clientInfo: { name: "b" } });
  expect(whoIn(inboundWith({ ...said, [abilities]: {} })).abilities).toEqual({});
});

test("what is another with each call, or long, is not kept", () => {
  for (const said of [
    { [info]: { name: "a" }, progressToken: 1 },
    { [info]: { name: "a" }, traceparent: "00" },
    { [info]: { name: "a".repeat(3_000) } },
  ])
    expect(whoIn(inboundWith(said))).not.toBe(whoIn(inboundWith(said)));
});

test("a server is told what each client says of itself, and what it wants to hear at this moment", () => {
  const metaOf = (peer: ReturnType<typeof peerOf>, params = "{}") => JSON.parse(inEnvelope(params, peer))._meta;
  const [one, other] = [
    peerOf("User:a", { clientInfo: { name: "one" } }),
    peerOf("User:b", { clientInfo: { name: "other" } }),
  ];
  for (let n = 0; n < 2; n++)
    for (const peer of [one, other]) expect(metaOf(peer)).toMatchObject({ [info]: peer.clientInfo ?? {} });
  const level = "io.modelcontextprotocol/logLevel";
  expect(metaOf({ ...one, logLevel: "debug" })[level]).toBe("debug");
  expect(metaOf(one)[level]).toBeUndefined();
  expect(metaOf({ ...one, abilities: { roots: {} } })[abilities]).toEqual({ roots: {} });
  expect(metaOf(one)[abilities]).toEqual(one.abilities);
  expect(metaOf(one, '{"_meta":{"a":1}}')).toMatchObject({ a: 1, [info]: { name: "one" } });
  expect(inEnvelope('{"name":"x"}', one)).toStartWith('{"name":"x","_meta":{');
});
