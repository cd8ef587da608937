import type { Ending } from "../../../lib/ending.ts";
import { version } from "../../../lib/version.ts";
import { unavailable } from "../failures.ts";

/** Header fields as they are sent, made once for as many requests as have them. `record` is the same for who sends them otherwise. */
export type Fields = { text: string; isAscii: boolean; record: Readonly<Record<string, string>> };

/** What one connection is written. */
export type Bytes = string | Buffer;

export type Request = {
  method: string;
  fields: Fields;
  body?: string | undefined;
  ending: Ending;
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

/** What a request says of the address it goes to: of a URL these are made anew each time they are asked for. */
export type Target = Pick<URL, "pathname" | "search" | "host">;

/** A request as it goes over the line: in one piece, so that it is one write. */
export function bytesOf({ pathname, search, host }: Target, { method, fields, body }: Request): Bytes {
  const length = body === undefined ? "" : `content-length: ${Buffer.byteLength(body)}\r\n`;
  const at = fields.record["host"] ?? host;
  const head = `${method} ${pathname}${search} HTTP/1.1\r\nhost: ${at}\r\n${fields.text}${length}\r\n`;
  if (fields.isAscii) return body === undefined ? head : head + body;
  return Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body ?? "")]);
}
