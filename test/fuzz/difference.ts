import type { Inbound } from "../../src/mcp/downstream/inbound.ts";
import type { Gate } from "./gate.ts";
import { holdsTwins, type Node, read, type Sight, see, sights } from "./reader.ts";

/** What became of one message, and what is wrong with that. */
export type Finding = { fate: "refused" | "let in" | "forwarded"; wrong?: string };

/** No message may take the gateway longer: what is long, and read with turns for all others, somewhat more for each megabyte. */
const patienceMs = (text: string) => 100 + Buffer.byteLength(text) / 50_000;

/** A name as its server knows it: clients see the server's name before it. */
const keyOf = (name: string): string => name.replace(/^[a-z]+(__|\/)/, "");
const hop = "io.modelcontextprotocol/";
const never = [`${hop}protocolVersion`, `${hop}clientCapabilities`, `${hop}clientInfo`, "progressToken"];
const judgedBy = ["name", "uri", "arguments", "_meta", "ref", "task", "inputResponses", "requestState"];

export async function findingOf(gate: Gate, text: string, headers: Headers): Promise<Finding> {
  const patience = patienceMs(text);
  const from = performance.now();
  const judged = await gate.judge(text, headers);
  const wire = "refusal" in judged ? [] : await gate.forward(judged.inbound);
  const slow = performance.now() - from > patience && (await quickestOf(gate, text, headers)) > patience;
  if ("refusal" in judged) {
    const isJson = "error" in judged.refusal && JSON.parse(judged.refusal.error).code !== -32700;
    return finding("refused", slow ? "slow" : isJson || !isReadable(text) ? undefined : "JSON was taken for none");
  }
  const fate = wire.length === 0 ? "let in" : "forwarded";
  if (slow) return { fate, wrong: "slow" };
  const original = isReadable(text) ? read(text) : undefined;
  if (original === undefined) return { fate, wrong: "what is not JSON was let in" };
  const wrong =
    wrongOfJudging(original, judged.inbound) ?? wire.map((sent) => wrongOfWire(original, sent)).find(Boolean);
  return finding(fate, wrong ?? (wire.length > 1 ? "sent more than once" : undefined));
}

const finding = (fate: Finding["fate"], wrong: string | undefined): Finding =>
  wrong === undefined ? { fate } : { fate, wrong };

/** In time of the processor: a machine that many share now and then stands still. A message that is slow by itself is slow each time. */
async function quickestOf(gate: Gate, text: string, headers: Headers): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 4; n++) {
    const from = process.cpuUsage();
    await gate.judge(text, headers);
    const { user, system } = process.cpuUsage(from);
    quickest = Math.min(quickest, (user + system) / 1000);
  }
  return quickest;
}

function isReadable(text: string): boolean {
  try {
    read(text);
    return true;
  } catch {
    return false;
  }
}

/** Every reader must see the same message, and it must be the one that was judged. */
function wrongOfJudging(original: Node, { id, method, params }: Inbound): string | undefined {
  if (holdsTwins(original)) return "a key stands twice";
  const plain = sights[0] as Sight;
  const paramsNode = see(original, "params", plain);
  if (see(original, "method", plain)?.value !== method) return "another method was judged";
  if (see(original, "id", plain)?.text !== id) return "another id was judged";
  for (const key of ["name", "uri"]) {
    const judged: unknown = params[key];
    if (typeof judged === "string" && see(paramsNode, key, plain)?.value !== judged) return `another ${key} was judged`;
  }
  const agreed = reading(original, plain);
  const other = sights.find((sight) => reading(original, sight) !== agreed);
  return other === undefined ? undefined : `a reader that is ${other.name} reads something else`;
}

/** All that is judged by, as one reader sees it. */
function reading(message: Node, sight: Sight): string {
  const params = see(message, "params", sight);
  const meta = see(params, "_meta", sight);
  const ref = see(params, "ref", sight);
  return JSON.stringify([
    ...["jsonrpc", "id", "method", "result", "error"].map((key) => see(message, key, sight)?.text),
    ...judgedBy.map((key) => see(params, key, sight)?.text),
    ...never.map((key) => see(meta, key, sight)?.text),
    ...["type", "name", "uri"].map((key) => see(ref, key, sight)?.text),
  ]);
}

/** Without line breaks, as everything is forwarded: the only change that is made to what a client wrote. */
const flat = (text: string | undefined) => text?.replace(/[\r\n]/g, " ");

/**
 * What went out must say what came in: the same method, the name its server knows, all else byte for byte, nothing of the client's hop.
 * With `ownMeta` the gateway has written an envelope of its own, which is not looked into.
 */
export function wrongOfWire(original: Node, sent: string, ownMeta = false): string | undefined {
  if (/[\r\n]/.test(sent)) return "a line break was forwarded: on stdio that is two messages";
  const wire = isReadable(sent) ? read(sent) : undefined;
  if (wire === undefined) return "what was forwarded is not JSON";
  if (holdsTwins(wire)) return "a key was forwarded twice";
  const plain = sights[0] as Sight;
  const [from, to] = [see(original, "params", plain), see(wire, "params", plain)];
  const [fromRef, toRef] = [see(from, "ref", plain), see(to, "ref", plain)];
  for (const sight of sights) {
    if (see(wire, "method", sight)?.value !== see(original, "method", plain)?.value)
      return "another method was forwarded";
    const [params, ref] = [see(wire, "params", sight), see(see(wire, "params", sight), "ref", sight)];
    if (!leadsTo(see(from, "name", plain), see(params, "name", sight))) return "another name was forwarded";
    if (!leadsTo(see(fromRef, "name", plain), see(ref, "name", sight))) return "another name was forwarded";
    if (see(from, "uri", plain)?.value !== see(params, "uri", sight)?.value) return "another uri was forwarded";
    if (see(fromRef, "uri", plain)?.value !== see(ref, "uri", sight)?.value) return "another uri was forwarded";
    if (!ownMeta && never.some((key) => see(see(params, "_meta", sight), key, sight) !== undefined))
      return "the hop was forwarded";
  }
  const rewritten = ["name", "uri", "ref", "_meta", "inputResponses", "requestState", "task"];
  for (const { key, value } of from?.members ?? [])
    if (!rewritten.includes(key) && see(to, key, plain)?.text !== flat(value.text)) return "a value was changed";
  const same = (key: string) => see(see(to, "_meta", plain), key, plain)?.text;
  for (const { key, value } of see(from, "_meta", plain)?.members ?? [])
    if (!key.startsWith(hop) && key !== "progressToken" && same(key) !== flat(value.text)) return "_meta was changed";
  return (toRef?.members ?? []).length === (fromRef?.members ?? []).length ? undefined : "ref was changed";
}

/** The key a client's name leads to; a method without a name has none on either side. */
const leadsTo = (asked: Node | undefined, sent: Node | undefined): boolean =>
  typeof asked?.value === "string" ? sent?.value === keyOf(asked.value) : sent?.text === flat(asked?.text);
