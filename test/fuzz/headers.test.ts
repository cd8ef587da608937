import { expect, test } from "bun:test";
import { judge } from "../../src/mcp/downstream/inbound.ts";
import { mismatchIn, paramHeadersIn } from "../../src/mcp/param-headers.ts";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { diceOf, seed } from "../rbac/properties/settings.ts";
import { changes, mirroringName, mirroringTool, pairFrom } from "./pairs.ts";

/** 100,000 pairs by `bun run fuzz`, 10,000 among all tests. */
const runs = 2 * Number(process.env["RUNS"] ?? 5_000);

const found = paramHeadersIn(mirroringTool.inputSchema);
const declared = "declared" in found ? found.declared : [];

/** What the gateway says to a body and headers: the code of its refusal, or the era in which it was let in. */
type Verdict = (body: string, headers: Headers) => string | number;

const ours: Verdict = (body, headers) => {
  const judged = judge(body, headers);
  if ("refusal" in judged) {
    const { error, status } = judged.refusal as { error: string; status: number };
    return status === 400 ? JSON.parse(error).code : `status ${status}`;
  }
  const { method, params, era } = judged.inbound;
  const isMirrored = method === "tools/call" && params["name"] === mirroringName;
  return isMirrored && mismatchIn(declared, params["arguments"], headers) !== undefined ? -32020 : era;
};

function surpriseIn(verdict: Verdict, n: number, pair = pairFrom(diceOf(seed + n))): string | undefined {
  const { body, headers: given, matches, how } = pair;
  const headers = new Headers();
  for (const [name, value] of given) headers.append(name, value);
  const said = verdict(body, headers);
  if (said === (matches ? "modern" : -32020)) return undefined;
  return `SEED=${seed}, pair ${n}, ${how}: ${said}\n${body}\n${JSON.stringify(given)}`;
}

test("headers that say what the body says are let in, all others are 400 and -32020", () => {
  const from = performance.now();
  const hows = new Map<string, number>();
  const missing = () => changes.filter(({ how }) => !hows.has(how)).map(({ how }) => how);
  // A way that few pairs can go wrong in has its turn some time.
  for (let n = 0; n < runs || (missing().length > 0 && n < 20 * runs); n++) {
    const pair = pairFrom(diceOf(seed + n));
    const surprise = surpriseIn(ours, n, pair);
    if (surprise !== undefined) throw new Error(surprise);
    hows.set(pair.how, (hows.get(pair.how) ?? 0) + 1);
  }
  process.stdout.write(`${runs} pairs in ${Math.round(performance.now() - from)} ms, SEED=${seed}\n`);
  // Each way to be wrong had its share.
  expect(missing()).toEqual([]);
}, 120_000);

/** What a header means to gateways that were told half of it; each must be found out. */
const readings: Record<string, (header: string) => string> = {
  "does not decode": (header) => header,
  "decodes whatever it can": (header) =>
    header.startsWith("=?base64?") ? Buffer.from(header.slice(9).replace(/\?=$/, ""), "base64").toString() : header,
  "is blind to case": (header) => decoded(header).toLowerCase(),
  "trims more than blanks": (header) => decoded(header).trim(),
};
const decoded = (header: string) =>
  /^=\?base64\?.*\?=$/.test(header) ? Buffer.from(header.slice(9, -2), "base64").toString() : header;

test.each(Object.entries(readings))("a gateway that %s is found out", (_, reads) => {
  const verdict: Verdict = (body, headers) => {
    const { method, params } = JSON.parse(body);
    const asked: unknown = params.name ?? params.uri;
    const given = headers.get("mcp-name");
    const same = typeof asked !== "string" || (given !== null && reads(given) === reads(asked));
    const rest = headers.get("mcp-method") === method && headers.get("mcp-protocol-version") === modernVersion;
    return same && rest && params._meta[metaKeys.protocolVersion] === modernVersion ? "modern" : -32020;
  };
  const surprises = Array.from({ length: 5_000 }, (__, n) => surpriseIn(verdict, n)).filter(Boolean);
  expect(surprises.length).toBeGreaterThan(0);
});
