import type { Ending } from "../../../lib/ending.ts";
import { type Piece, sizeOf } from "../../../lib/pieces.ts";
import { version } from "../../../lib/version.ts";
import type { Text } from "../../json-rpc.ts";
import { unavailable } from "../failures.ts";

/** Header fields as they are sent, made once for as many requests as have them. `record` is the same for who sends them otherwise. */
export type Fields = {
  readonly text: string;
  readonly isAscii: boolean;
  readonly record: Readonly<Record<string, string>>;
  /** How the last request with them began. */
  start?: Start;
};
type Start = { readonly target: Target; readonly method: string; readonly text: string };

/** What one connection is written; what is long stays in its pieces. */
export type Bytes = string | Buffer | readonly Piece[];

export type Request = {
  readonly method: string;
  readonly fields: Fields;
  readonly body?: Text | undefined;
  readonly ending: Ending;
};

/** What the connection is about is ours to say. */
const ours: ReadonlySet<string> = new Set([
  ...["connection", "content-length", "expect", "host", "keep-alive", "proxy-connection"],
  ...["te", "trailer", "transfer-encoding", "upgrade"],
]);

const name = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// A line break would begin a field, or a request, of somebody else's
const unfit = /[\0\r\n]|[^\0-\xff]/;
// What both encodings write alike
const ascii = /^[\0-\x7f]*$/;

/** @param record names in lower case @throws Problem `unavailable` for what no header can carry, without repeating it */
export function fieldsOf(record: Readonly<Record<string, string>>): Fields {
  let text = "user-agent" in record ? "" : `user-agent: mcpctl/${version}\r\n`;
  if (!("accept-encoding" in record)) text += "accept-encoding: identity\r\n";
  for (const field in record) {
    const value = record[field] ?? "";
    if (!name.test(field) || unfit.test(value))
      throw unavailable("one of its `headers` holds a line break, or another character that no header can carry");
    if (!ours.has(field)) text += `${field}: ${value.trim()}\r\n`;
  }
  return { text, isAscii: ascii.test(text), record };
}

/** What a request says of the address it goes to. */
export type Target = { readonly path: string; readonly host: string };

/** Made once: of a URL its parts are made anew each time they are asked for. */
export const targetOf = ({ pathname, search, host }: URL): Target => ({ path: pathname + search, host });

/** All before its length, which is the same in all requests with the same fields to the same place. */
function startOf(target: Target, method: string, fields: Fields): string {
  const { start } = fields;
  if (start?.target === target && start.method === method) return start.text;
  const text = `${method} ${target.path} HTTP/1.1\r\nhost: ${fields.record["host"] ?? target.host}\r\n${fields.text}`;
  fields.start = { target, method, text };
  return text;
}

/** A request as it goes over the line: in one piece, so that it is one write, unless it is long. */
export function bytesOf(target: Target, { method, fields, body }: Request): Bytes {
  const start = startOf(target, method, fields);
  if (body === undefined) return fields.isAscii ? `${start}\r\n` : Buffer.from(`${start}\r\n`, "latin1");
  if (typeof body !== "string") {
    let size = 0;
    for (const piece of body) size += sizeOf(piece);
    return [Buffer.from(`${start}content-length: ${size}\r\n\r\n`, "latin1"), ...body];
  }
  const head = `${start}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return fields.isAscii ? head + body : Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body)]);
}
