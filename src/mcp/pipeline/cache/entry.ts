import { StringDecoder } from "node:string_decoder";
import { createHmac } from "../../../lib/crypto.ts";
import { makeReady } from "../../../lib/memory.ts";
import { shareOfTurn } from "../../../lib/share.ts";
import { betweenCharacters } from "../json/string.ts";
import type { CacheScope } from "./cache.ts";

/** Keeps what is on disk from whoever reads the disk; given by the room of secrets. `end` throws for what was changed. */
export type Sealing = {
  sealer: (bound: Uint8Array) => { add: (plain: Uint8Array) => Buffer; end: () => Buffer };
  opener: (box: Uint8Array, bound: Uint8Array) => { add: (from: number, to: number) => Buffer; end: () => void };
};
/** Bytes that a box has besides what is in it. */
const boxOverhead = 28;
/** Characters or bytes at once. */
const piece = 256 * 1024;
const long = 1024 * 1024;

/** Where an entry lies: a project's folder, and in it a file whose name begins with its caller's digits. All are HMACs: nobody can name another's. */
export type Address = { project: string; caller: string; file: string; bound: Buffer };

const digits = { project: 20, caller: 12, entry: 32 } as const;
export const isProjectFolder = (name: string): boolean => /^[0-9a-f]{20}$/.test(name);
export const isEntryFile = (name: string): boolean => /^[0-9a-f]{44}$/.test(name);
export const callerOf = (file: string): string => file.slice(0, digits.caller);

export function addresses(hmacKey: Buffer) {
  const hmac = (words: string, length: number) =>
    createHmac("sha256", hmacKey).update(words).digest("hex").slice(0, length);
  const projectOf = (id: string) => hmac(JSON.stringify(["project", id]), digits.project);
  return {
    projectOf,
    of({ project, principal }: CacheScope, key: string): Address {
      const words = JSON.stringify(["entry", project, principal ?? null, key]);
      const caller = hmac(JSON.stringify(["caller", project, principal ?? null]), digits.caller);
      const file = `${caller}${hmac(words, digits.entry)}`;
      return { project: projectOf(project), caller, file, bound: Buffer.from(words) };
    },
  };
}

/** Magic, version, encoding, two bytes of nothing · when it expires · how long the box is · whose it is (its address). */
export const headerBytes = 52;
const magic = Buffer.from("mcpc");
const version = 1;
const encodings = ["utf8", "utf16le"] as const;

/** A file as it is written, in pieces. Half of a surrogate pair cannot be written in UTF-8, and may well be in a tool's result. */
export async function encodeEntry(
  sealing: Sealing,
  address: Address,
  value: string,
  expires: number,
): Promise<Buffer[]> {
  // It may come in parts, which are joined when it is first looked at.
  if (value.length > long) await makeReady(value.length);
  const encoding = value.isWellFormed() ? 0 : 1;
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt8(version, 4);
  header.writeUInt8(encoding, 5);
  header.writeDoubleBE(expires, 8);
  header.writeUInt32BE(Buffer.byteLength(value, encodings[encoding]), 16);
  header.write(address.project + address.file, 20, "hex");
  const { add, end } = sealing.sealer(Buffer.concat([header, address.bound]));
  const pieces: Buffer[] = [];
  const spent = shareOfTurn();
  for (let at = 0; at < value.length; ) {
    const to = encoding === 0 ? betweenCharacters(value, at + piece) : at + piece;
    pieces.push(add(Buffer.from(value.slice(at, to), encodings[encoding])));
    at = to;
    await spent();
  }
  return [header, end(), ...pieces];
}

/** When a file expires, by its header alone; undefined for what is no entry of this format at this address. */
export function expiryIn(header: Buffer, project: string, file: string): number | undefined {
  if (header.length < headerBytes || !header.subarray(0, 4).equals(magic) || header[4] !== version) return undefined;
  if (header.toString("hex", 20, headerBytes) !== project + file) return undefined;
  const expires = header.readDoubleBE(8);
  return Number.isFinite(expires) ? expires : undefined;
}

/** The value; undefined for a file that is damaged, cut off, somebody else's, or of another format. */
export async function decodeEntry(
  sealing: Sealing,
  address: Address,
  bytes: Buffer,
): Promise<{ value: string; expires: number } | undefined> {
  const header = bytes.subarray(0, headerBytes);
  const expires = expiryIn(header, address.project, address.file);
  const encoding = encodings[header[5] ?? encodings.length];
  if (expires === undefined || encoding === undefined) return undefined;
  const length = header.readUInt32BE(16);
  const box = bytes.subarray(headerBytes);
  if (box.length !== boxOverhead + length) return undefined;
  try {
    const { add, end } = sealing.opener(box, Buffer.concat([header, address.bound]));
    const decoder = new StringDecoder(encoding);
    const parts: string[] = [];
    const spent = shareOfTurn();
    for (let at = 0; at < length; at += piece) {
      parts.push(decoder.write(add(at, at + piece)));
      await spent();
    }
    end();
    return { value: parts.join("") + decoder.end(), expires };
  } catch {
    return undefined;
  }
}
