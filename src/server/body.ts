import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import { compiled } from "../lib/check.ts";
import { Crumbs } from "../lib/crumbs.ts";
import { Problem } from "../lib/problem.ts";
import { inTurns, shareOfTurn } from "../lib/share.ts";
import { Utf8 } from "../lib/utf8.ts";
import { wheel } from "../lib/wheel.ts";
import { type Bones, Boning, longMessage } from "../mcp/bones.ts";
import type { Bodies } from "../mcp/gateway.ts";
import { bytesInWords } from "../resources/limits.ts";
import { fieldErrors } from "../resources/parse.ts";

/** What one request may bring, in bytes (reference/reliability.md §6). Bun itself stops reading at `hard`. */
export const bodyLimits = { soft: 4 * 1024 * 1024, hard: 16 * 1024 * 1024 } as const;

/** How long a connection may be silent that neither waits for an answer nor is an event stream. */
export const idleSeconds = 30;

/** A body that drips in byte by byte would hold its connection for ever. */
const bodyMs = 30_000;

const json: readonly string[] = ["application/json"];

/** Has no state between two texts. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of a long body that are looked through at once: until that is compiled they take milliseconds. */
const bite = 128 * 1024;

/**
 * How the gateway reads what is posted to it: in steps, since it looks by itself after what takes long. A long message is read piece by piece as it
 * comes, with turns for all others: ten megabytes in one kept everybody waiting for half a second.
 */
export const bodies: Bodies = {
  read(request, mostBytes, setBy) {
    const size = insist(request.headers, json, mostBytes, setBy);
    return size <= longMessage ? request.arrayBuffer() : bonesOf(request, mostBytes, setBy);
  },
  textOf,
  longestMs: bodyMs,
  late,
};

/**
 * The text of a JSON body of so many bytes at most; `setBy` says what sets that, `also` is a media type that will do as well. The media type is insisted on: a page of somebody else's may send any other without asking the browser first.
 * @throws Problem `invalid` with 415 or 413
 */
export function readBody(
  request: Request,
  mostBytes: number = bodyLimits.soft,
  setBy?: string,
  also?: string,
): Promise<string> {
  insist(request.headers, also === undefined ? json : [...json, also], mostBytes, setBy);
  return arrived(request, (bytes) => textOf(bytes, mostBytes, setBy));
}

/** The bytes of a body of one of these media types. @throws Problem `invalid` with 415 or 413 */
export function readBytes(request: Request, types: readonly string[], mostBytes: number): Promise<ArrayBuffer> {
  insist(request.headers, types, mostBytes);
  return arrived(request, (bytes) => {
    if (bytes.byteLength > mostBytes) throw tooBig(mostBytes);
    return bytes;
  });
}

/** What can be said before it has arrived; answers how long it will be. @throws Problem `invalid` with 415 or 413 */
function insist(headers: Headers, types: readonly string[], mostBytes: number, setBy?: string): number {
  const type = headers.get("content-type");
  if (type === null || !(types.includes(type) || types.includes(plain(type))))
    throw new Problem("invalid", `The body must be sent as Content-Type: ${types.at(-1)}`, { status: 415 });
  const length = headers.get("content-length");
  if (length === null) return Number.POSITIVE_INFINITY;
  if (Number(length) > mostBytes) throw tooBig(mostBytes, setBy);
  return Number(length);
}

const plain = (type: string): string => type.split(";", 1)[0]?.trim().toLowerCase() ?? "";

const tooBig = (mostBytes: number, setBy?: string) =>
  new Problem("invalid", `The body is over ${bytesInWords(mostBytes)}${setBy === undefined ? "" : `; ${setBy}`}`, {
    status: 413,
  });

function late(): Problem {
  return new Problem("invalid", `The body did not arrive within ${bodyMs / 1000} s`, { status: 408 });
}

function textOf(bytes: ArrayBuffer, mostBytes: number, setBy?: string): string {
  if (bytes.byteLength > mostBytes) throw tooBig(mostBytes, setBy);
  try {
    return utf8.decode(bytes);
  } catch {
    throw notUtf8();
  }
}

const notUtf8 = () => new Problem("invalid", "The body is not UTF-8", { status: 400 });

/**
 * Reads all of it, whatever is wrong with it: a client that still sends hears no answer. Of what will be refused nothing is kept.
 * @throws Problem `invalid`
 */
async function bonesOf(request: Request, mostBytes: number, setBy: string): Promise<Bones> {
  let kept: { boning: Boning; crumbs: Crumbs } | undefined = { boning: new Boning(), crumbs: new Crumbs() };
  const characters = new Utf8();
  const spent = shareOfTurn();
  let size = 0;
  for await (const bytes of request.body ?? []) {
    size += bytes.length;
    if (size > bodyLimits.hard) break;
    if (kept !== undefined && (size > mostBytes || !characters.add(bytes))) kept = undefined;
    const others = spent();
    if (others !== undefined) await others;
    if (kept !== undefined) for (const piece of kept.crumbs.add(bytes)) await take(kept.boning, piece, spent);
  }
  if (size > mostBytes) throw tooBig(mostBytes, setBy);
  if (kept === undefined || !characters.end()) throw notUtf8();
  for (const piece of kept.crumbs.end()) await take(kept.boning, piece, spent);
  return await inTurns(kept.boning.bones());
}

async function take(boning: Boning, piece: Uint8Array, spent: () => Promise<void> | undefined): Promise<void> {
  for (let at = 0; at < piece.length; at += bite) {
    boning.add(piece.subarray(at, at + bite));
    const others = spent();
    if (others !== undefined) await others;
  }
}

/** What is made of it once it is here. @throws Problem `invalid` with 408 */
function arrived<T>(request: Request, read: (bytes: ArrayBuffer) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const alarm = wheel.after(bodyMs, () => reject(late()));
    const failed = (error: unknown) => {
      alarm.cancel();
      reject(error);
    };
    request
      .arrayBuffer()
      .then((bytes) => {
        alarm.cancel();
        resolve(read(bytes));
      })
      .catch(failed);
  });
}

/** @throws Problem `invalid` */
export async function readJson(request: Request, also?: string): Promise<unknown> {
  const text = await readBody(request, bodyLimits.soft, undefined, also);
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("invalid", "The body is not JSON", { status: 400 });
  }
}

const checkers = new Map<TSchema, TypeCheck<TSchema>>();

/** A JSON body of this shape, and nothing besides. @throws Problem `invalid`, a line a wrong field */
export async function typedBody<T>(request: Request, schema: TSchema): Promise<T> {
  const checker = checkers.get(schema) ?? compiled({ ...schema, additionalProperties: false } as TSchema);
  checkers.set(schema, checker);
  const body = await readJson(request);
  if (checker.Check(body)) return body as T;
  throw new Problem("invalid", "The body is not valid", { fields: fieldErrors(checker, body) });
}
