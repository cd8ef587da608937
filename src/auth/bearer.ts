import { createHmac, randomBytes } from "../lib/crypto.ts";
import type { Op } from "../storage/op.ts";

/** What a bearer is for stands in its prefix; one kind is never taken in place of another (design §5). */
const prefixes = { token: "mcpctl_pat_", session: "mcpctl_ses_" } as const;
export type BearerKind = keyof typeof prefixes;

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const secretLength = 43;
const checkLength = 6;
const shape = new RegExp(`^[0-9A-Za-z]{${secretLength + checkLength}}$`);

/**
 * A new bearer: prefix, 256 random bits in base62, and a CRC32 so that a scanner or a typing slip is told apart offline. The bits are given
 * only by tests that must run the same again.
 */
export function mintBearer(kind: BearerKind, secret: Buffer = randomBytes(32)): string {
  const body = prefixes[kind] + base62(BigInt(`0x${secret.toString("hex")}`), secretLength);
  return body + checksum(body);
}

/** The kind of a well-formed bearer; undefined for anything else, without a look at the database. */
export function bearerKind(bearer: string): BearerKind | undefined {
  const kind = (Object.keys(prefixes) as BearerKind[]).find((name) => bearer.startsWith(prefixes[name]));
  if (kind === undefined || !shape.test(bearer.slice(prefixes[kind].length))) return undefined;
  const body = bearer.slice(0, -checkLength);
  // The sum says nothing of what is stored: how long comparing takes tells nobody anything.
  return bearer.endsWith(checksum(body)) ? kind : undefined;
}

/** What is stored in its place: HMAC-SHA-256 under a key derived from the master key, in hex. */
export const bearerHash = (key: Buffer, bearer: string): string =>
  createHmac("sha256", key).update(bearer).digest("hex");

/**
 * Under which bearers are stored: new ones under the first. The others came with backups of other instances (docs/backup.md), whose bearers go on
 * being accepted.
 */
export type BearerKeys = readonly [Buffer, ...Buffer[]];

/** What is stored of this bearer, under whichever key it was. */
export function* storedAs<T>(
  keys: BearerKeys,
  bearer: string,
  find: (hash: string) => Op<T | undefined>,
): Op<T | undefined> {
  for (const key of keys) {
    const found = yield* find(bearerHash(key, bearer));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The public digits of a token: the first of its keyed hash. They name it in RBAC and audit, and say nothing of the token itself. */
export const shaOf = (hash: string): string => hash.slice(0, 16);

export const tokenSubject = (hash: string): string => `McpToken:${shaOf(hash)}`;

/** Its first characters, enough to recognise it by and far too few to guess it from. */
export const shownPrefix = (bearer: string): string => bearer.slice(0, prefixes.token.length + 4);

/** In numbers, not bigints: this runs for every request, and refusing rubbish must cost next to nothing. */
function checksum(body: string): string {
  let text = "";
  for (let rest = Bun.hash.crc32(body); text.length < checkLength; rest = Math.floor(rest / 62))
    text = digits.charAt(rest % 62) + text;
  return text;
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = (digits[Number(rest % 62n)] ?? "") + text;
  return text;
}
