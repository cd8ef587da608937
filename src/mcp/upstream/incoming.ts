import { Problem } from "../../lib/problem.ts";
import { inTurns, shareOfTurn } from "../../lib/share.ts";
import { bytesInWords, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { digits, type Excess, type Outline, Outlining, outlineOf } from "../outline.ts";
import { isObjectText } from "../well-formed.ts";
import { Beyond, unavailable } from "./failures.ts";

/**
 * Where the members of a server's message stand, and those of its result, or what is wrong with it. Servers are not trusted to send what they should: bounds first, then a parse, and only
 * then places within the text are true.
 */
export function readIncoming(text: string, limits: ServerLimits): Outline | Problem {
  const outline = tooLong(text, limits) ?? within(outlineOf(text, limits, limits.elements, member), limits);
  if (outline instanceof Problem) return outline;
  try {
    const value: unknown = JSON.parse(outline.bones);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return outline;
  } catch {
    // Said below.
  }
  return noMessage();
}

/** What is longer keeps the event loop busy for longer than others can bear. */
export const longestAtOnce = 256 * 1024;
const bite = 64 * 1024;

/** The same of a long text, with turns for all others. */
export async function readInTurns(text: string, limits: ServerLimits): Promise<Outline | Problem> {
  const excess = tooLong(text, limits);
  if (excess !== undefined) return excess;
  const outlining = new Outlining(text, limits, limits.elements, member);
  const spent = shareOfTurn();
  while (!outlining.go(bite)) await spent();
  const outline = within(outlining.outcome, limits);
  if (outline instanceof Problem) return outline;
  return (await inTurns(isObjectText(outline.bones))) ? outline : noMessage();
}

const member = "result";

function within(outline: Outline | Excess, { depth, elements }: ServerLimits): Outline | Problem {
  if (outline === "depth") return new Beyond(`its message is nested over ${depth} deep; ${setByServer("depth")}`);
  if (outline === "elements") return new Beyond(`its message has over ${elements} values; ${setByServer("elements")}`);
  if (outline === "digits") return new Beyond(`its message has a number of over ${digits} digits`);
  return outline;
}

const noMessage = () => unavailable("its message is no JSON-RPC");

const tooLong = (text: string, { messageBytes }: ServerLimits): Problem | undefined =>
  isOver(text, messageBytes)
    ? new Beyond(`its message is over ${bytesInWords(messageBytes)}; ${setByServer("messageBytes")}`)
    : undefined;

/** A character takes three bytes at most, and counting them is needed only where that matters. */
const isOver = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);

const jsonrpc = `"jsonrpc"\\s*:\\s*"2\\.0"`;
const idFirst = new RegExp(`^\\s*\\{\\s*(?:${jsonrpc}\\s*,\\s*)?"id"\\s*:\\s*(\\d{1,15})\\s*,(\\s*"method")?`);
const idLast = new RegExp(`"id"\\s*:\\s*(\\d{1,15})\\s*(?:,\\s*${jsonrpc}\\s*)?\\}\\s*$`);
const methodFirst = new RegExp(`^\\s*\\{\\s*(?:${jsonrpc}\\s*,\\s*)?"method"\\s*:\\s*"([^"\\\\]{0,64})"`);
const edge = 256;

/** Of a message that cannot be read: which request it answers, if that stands at its beginning or end; `method` of one that answers none. */
export function skimmed(text: string): { id?: number; method?: string } {
  const head = text.slice(0, edge);
  const method = methodFirst.exec(head)?.[1];
  if (method !== undefined) return { method };
  const [, first, asks] = idFirst.exec(head) ?? [];
  if (asks !== undefined) return { method: "" };
  const id = first ?? idLast.exec(text.slice(-edge))?.[1];
  return id === undefined ? {} : { id: Number(id) };
}
