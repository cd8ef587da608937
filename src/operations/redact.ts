import { createHmac } from "../lib/crypto.ts";
import { parsedJson } from "../lib/json.ts";
import { redact } from "../lib/log.ts";
import { secretWords } from "../lib/secret-shapes.ts";
import type { AnyKind } from "../resources/define.ts";

/** What of a change or a call may stand in the audit log. Pure. */
export type Fingerprint = (value: string) => string;
type Fields = Record<string, unknown>;

/** Says whether a value is the same as before, and nothing of the value to whoever lacks the key. */
export const fingerprint = (key: Buffer, value: string): string =>
  `fp:${createHmac("sha256", key).update(value).digest("hex").slice(0, 16)}`;

/**
 * A resource's fields with a fingerprint in place of each secret: what the kind only takes and never gives, the values of `env` and `headers`,
 * and what looks like a secret on a command line or in a URL. The fingerprint is bound to its place, so that nobody finds a value by setting
 * it somewhere else and comparing.
 */
export function redactedFields(kind: AnyKind, fields: Fields, fp: Fingerprint): Fields {
  const name = String(fields["name"] ?? "");
  const entries = Object.entries(fields).map(([field, value]) => {
    const at = `${kind.kind}/${name}/${field}`;
    if (kind.writeOnly?.includes(field) === true) return [field, everyText(value, at, fp)];
    if (field === "env" || field === "headers") return [field, namedValues(value, at, fp)];
    return [field, withoutSecrets(value, at, fp)];
  });
  return Object.fromEntries(entries) as Fields;
}

/** The fields that differ, before and after, without those that mcpctl keeps itself. One side is empty when it was made or deleted. */
export function changeOf(before: Fields | undefined, after: Fields | undefined): { before: Fields; after: Fields } {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const differ = [...names].filter((name) => !kept.has(name) && !Bun.deepEquals(before?.[name], after?.[name], true));
  const only = (fields: Fields = {}) =>
    Object.fromEntries(differ.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
  return { before: only(before), after: only(after) };
}
/** What a server printed may hold what its callers sent, and the audit log is for ever. */
const kept = new Set(["id", "version", "createdAt", "updatedAt", "status", "stderr"]);

const longestArguments = 4 * 1024;
/** Beyond this a look inside costs more than it is worth. */
const longestParsed = 64 * 1024;
const secretName = /authorization|passw|secret|token|cookie|api_?-?key|credential|private_?-?key|bearer/i;

/** A call's arguments (JSON text) without what looks like a secret, cut to a bound. */
export function redactedArguments(text: string): unknown {
  if (text.length > longestParsed) return { cut: `${text.length} characters` };
  const value = parsedJson(text);
  if (value === undefined) return { cut: "not JSON" };
  const clean = blotted(value);
  const json = JSON.stringify(clean);
  return json.length <= longestArguments ? clean : { cut: `${json.slice(0, longestArguments)}…` };
}

function blotted(value: unknown): unknown {
  if (typeof value === "string") return redact(blottedJson(value));
  if (Array.isArray(value)) return value.map(blotted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [redact(key), secretName.test(key) ? "[redacted]" : blotted(inner)]),
  );
}

/** Models write arguments within arguments as a text of JSON: what is a secret there is told by its key, as everywhere. */
function blottedJson(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    const clean = blotted(value);
    return Bun.deepEquals(clean, value) ? text : JSON.stringify(clean);
  } catch {
    return text;
  }
}

function everyText(value: unknown, at: string, fp: Fingerprint): unknown {
  if (Array.isArray(value)) return value.map((inner, index) => everyText(inner, `${at}/${index}`, fp));
  if (typeof value !== "object" || value === null) return value === undefined ? undefined : fp(`${at}\n${value}`);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, everyText(inner, `${at}/${key}`, fp)]));
}

/** `[{name, value}]`: a reference to a secret is no secret and stays. */
function namedValues(list: unknown, at: string, fp: Fingerprint): unknown {
  if (!Array.isArray(list)) return everyText(list, at, fp);
  return list.map((item: unknown) => {
    if (typeof item !== "object" || item === null || !("value" in item)) return withoutSecrets(item, at, fp);
    return { ...item, value: fp(`${at}/${String((item as Fields)["name"])}\n${String(item.value)}`) };
  });
}

/** A long text by its beginning, and by what tells whether it is the same: the log is kept for a year, and a prompt may have 256 KiB. */
const shortened = (text: string, print: string): string =>
  `${text.slice(0, longestText)}… (${text.length} characters, ${print})`;
const longestText = 16 * 1024;

/** `--api-key VALUE`, `--token=VALUE`, `https://user:VALUE@host`: people put secrets where we ask them not to. */
function withoutSecrets(value: unknown, at: string, fp: Fingerprint): unknown {
  if (typeof value === "string") {
    const clean = redact(value)
      .replace(
        /(:\/\/[^\s/:@]*:)([^\s/@]+)@/g,
        (_, start: string, secret: string) => `${start}${fp(`${at}\n${secret}`)}@`,
      )
      .replace(namedSecret, (_, start: string, secret: string) => `${start}${fp(`${at}\n${secret}`)}`);
    // Cut afterwards: half a secret would not be known for one.
    return clean.length <= longestText ? clean : shortened(clean, fp(`${at}\n${value}`));
  }
  if (Array.isArray(value)) {
    return value.map((inner, index) => {
      const before: unknown = value[index - 1];
      const isSecret = typeof inner === "string" && typeof before === "string" && secretFlag.test(before);
      return isSecret ? fp(`${at}\n${inner}`) : withoutSecrets(inner, at, fp);
    });
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner, at, fp)]));
}
/*
 * Names of secrets as people write them. Each begins where a word does, and what it must hold is looked for ahead: a text of nothing but `token`
 * would otherwise be gone through once for each way to cut it into three, and 10,000 characters of it held the process for half a minute.
 */
const secretFlag = new RegExp(`^--?(?=[\\w-]*(?:${secretWords}))[\\w-]+$`, "i");
const namedSecret = new RegExp(`(?<![\\w-])(?=[\\w-]*(?:${secretWords}))([\\w-]+=)([^\\s&]+)`, "gi");
