import { Problem } from "../../lib/problem.ts";
import { inTurns, type Worked } from "../../lib/share.ts";
import { bytesInWords, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { digits, type Excess, type Outline, outlineOf } from "../outline.ts";
import { isObjectText } from "../well-formed.ts";
import { Beyond, unavailable } from "./failures.ts";
import { longOutline } from "./long-message.ts";

/**
 * Where the members of a server's message stand, and those of its result, or what is wrong with it. Servers are not trusted to send what they should: bounds first, then a parse, and only
 * then places within the text are true.
 */
export function readIncoming(text: string, limits: ServerLimits): Outline | Problem {
  if (isOver([text], limits.messageBytes)) return tooLong(limits);
  const outline = within(outlineOf(text, limits, limits.elements, "result"), limits);
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

/** The same of a long one in pieces, in turns with all others. */
export async function readLong(
  parts: readonly string[],
  limits: ServerLimits,
  worked?: Worked,
): Promise<Outline | Problem> {
  if (isOver(parts, limits.messageBytes)) return tooLong(limits);
  const outline = within(await longOutline(parts, limits, worked), limits);
  if (outline instanceof Problem) return outline;
  return (await inTurns(isObjectText(outline.bones), worked)) ? outline : noMessage();
}

function within(outline: Outline | Excess, { depth, elements }: ServerLimits): Outline | Problem {
  if (outline === "depth") return new Beyond(`its message is nested over ${depth} deep; ${setByServer("depth")}`);
  if (outline === "elements") return new Beyond(`its message has over ${elements} values; ${setByServer("elements")}`);
  if (outline === "digits") return new Beyond(`its message has a number of over ${digits} digits`);
  return outline;
}

const noMessage = () => unavailable("its message is no JSON-RPC");

const tooLong = ({ messageBytes }: ServerLimits): Problem =>
  new Beyond(`its message is over ${bytesInWords(messageBytes)}; ${setByServer("messageBytes")}`);

/** A character takes three bytes at most, and counting them is needed only where that matters. */
function isOver(parts: readonly string[], most: number): boolean {
  let left = most;
  let characters = 0;
  for (const part of parts) characters += part.length;
  if (characters * 3 <= most) return false;
  for (const part of parts) left -= Buffer.byteLength(part);
  return left < 0;
}

const jsonrpc = `"jsonrpc"\\s*:\\s*"2\\.0"`;
const idFirst = new RegExp(`^\\s*\\{\\s*(?:${jsonrpc}\\s*,\\s*)?"id"\\s*:\\s*(\\d{1,15})\\s*,(\\s*"method")?`);
const idLast = new RegExp(`"id"\\s*:\\s*(\\d{1,15})\\s*(?:,\\s*${jsonrpc}\\s*)?\\}\\s*$`);
const methodFirst = new RegExp(`^\\s*\\{\\s*(?:${jsonrpc}\\s*,\\s*)?"method"\\s*:\\s*"([^"\\\\]{0,64})"`);
const edge = 256;

/** Of a message that cannot be read: which request it answers, if that stands at its beginning or end; `method` of one that answers none. */
export function skimmed(text: string): { id?: number; method?: string } {
  return skimmedAt(text.slice(0, edge), text.slice(-edge));
}

/** The same of one in pieces. */
export function skimmedLong(parts: readonly string[]): ReturnType<typeof skimmed> {
  let [head, tail] = ["", ""];
  for (let n = 0; n < parts.length && head.length < edge; n++) head += parts[n];
  for (let n = parts.length - 1; n >= 0 && tail.length < edge; n--) tail = parts[n] + tail;
  return skimmedAt(head.slice(0, edge), tail.slice(-edge));
}

function skimmedAt(head: string, tail: string): ReturnType<typeof skimmed> {
  const method = methodFirst.exec(head)?.[1];
  if (method !== undefined) return { method };
  const [, first, asks] = idFirst.exec(head) ?? [];
  if (asks !== undefined) return { method: "" };
  const id = first ?? idLast.exec(tail)?.[1];
  return id === undefined ? {} : { id: Number(id) };
}
