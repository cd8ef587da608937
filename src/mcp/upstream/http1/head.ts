/** What is not HTTP/1.1 as RFC 9112 has it, or more of it than anybody needs. Where readers differ, answers are smuggled: nothing is guessed. */
export class Malformed extends Error {
  readonly code = "Malformed_HTTP_Response";
}

/** Status and fields of an answer, the names in lower case; name and value take turns. */
export type Head = { status: number; isOld: boolean; fields: readonly string[] };

const asked = ["content-encoding", "content-type", "keep-alive", "location", "mcp-session-id", "retry-after"] as const;
/** What is read of an answer, besides how its body comes. */
export type FieldName = (typeof asked)[number];
/** By these it is decided what becomes of it. What stands in any other field is nothing to us, but for the length. */
export const heeded: ReadonlySet<string> = new Set([...asked, "connection", "transfer-encoding"]);

/** What becomes of the bytes behind a head: so many, in chunks, or all until the connection ends. */
export type Framing = number | "chunked" | "close";

export const most = { headBytes: 64 * 1024, fields: 128 } as const;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?$/;
/** How nearly every answer begins. */
const usual = "HTTP/1.1 200 OK\r\n";
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A line break that is none of ours, which some take for one, and characters that no value may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const stray = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

/** @param text without the empty line that ends it @throws Malformed */
export function headFrom(text: string): Head {
  demandClean(text);
  if (text.startsWith(usual)) return { status: 200, isOld: false, fields: fieldsIn(text, usual.length) };
  const end = text.indexOf("\r\n");
  const [, minor, status] = statusLine.exec(end < 0 ? text : text.slice(0, end)) ?? [];
  if (status === undefined) throw new Malformed("no status line");
  return { status: Number(status), isOld: minor === "0", fields: end < 0 ? [] : fieldsIn(text, end + 2) };
}

function demandClean(text: string): void {
  if (stray.test(text)) throw new Malformed("a stray character among the fields");
}

/** A field behind the body, which means nothing. @throws Malformed */
export function demandField(line: string): void {
  demandClean(line);
  fieldsIn(line, 0);
}

/** @throws Malformed */
function fieldsIn(text: string, from: number): string[] {
  const fields: string[] = [];
  for (let at = from; at < text.length; ) {
    const next = text.indexOf("\r\n", at);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(":", at);
    // A line that goes on with the one before (obs-fold) has no name either.
    if (colon < 0 || colon > end) throw new Malformed("a field without a name");
    fields.push(nameOf(text.slice(at, colon)), text.slice(colon + 1, end).trim());
    if (fields.length > 2 * most.fields) throw new Malformed(`over ${most.fields} fields`);
    at = end + 2;
  }
  return fields;
}

/** Servers send the same few names again and again. */
const names = new Map<string, string>();
const keptNames = 256;

function nameOf(written: string): string {
  const known = names.get(written);
  if (known !== undefined) return known;
  if (!token.test(written)) throw new Malformed("a field whose name is none");
  const name = written.toLowerCase();
  if (names.size < keptNames) names.set(written, name);
  return name;
}

/** The value of a field, several joined as RFC 9110 §5.3 has it. */
export function fieldOf(
  { fields }: Pick<Head, "fields">,
  name: FieldName | "connection" | "content-length" | "transfer-encoding",
): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < fields.length; at += 2)
    if (fields[at] === name) found = found === undefined ? fields[at + 1] : `${found}, ${fields[at + 1]}`;
  return found;
}

/** How long the body is. What says it twice, or in a way that others may read otherwise, is refused. @throws Malformed */
export function framingOf(head: Head): Framing {
  const { status, isOld } = head;
  const length = fieldOf(head, "content-length");
  const coding = fieldOf(head, "transfer-encoding");
  if (length !== undefined && coding !== undefined) throw new Malformed("two lengths of one body");
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Malformed("a length that is none");
  if (coding !== undefined && (isOld || coding.toLowerCase() !== "chunked")) throw new Malformed("an unknown coding");
  if (status === 204 || status === 304) return 0;
  if (coding !== undefined) return "chunked";
  return length === undefined ? "close" : Number(length);
}

/** Whether the connection is good for another request once this answer is over. */
export function isKept(head: Head, framing: Framing): boolean {
  if (framing === "close") return false;
  // A body where there may be none would be taken for the next answer.
  if (head.status === 204 && ((fieldOf(head, "content-length") ?? "0") !== "0" || fieldOf(head, "transfer-encoding")))
    return false;
  const connection = fieldOf(head, "connection")?.toLowerCase() ?? "";
  if (connection === "keep-alive") return true;
  return !head.isOld && !connection.split(",").some((option) => option.trim() === "close");
}
