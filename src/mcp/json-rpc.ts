import type { Piece } from "../lib/pieces.ts";
import type { Outcome } from "./answers.ts";
import { quoted } from "./lexemes.ts";
import type { Params } from "./params.ts";

/** A message, in pieces where it is long. */
export type Text = string | readonly Piece[];

/** JSON-RPC 2.0 as text. `id` and `params` are JSON as they were written, so that `9007199254740993` goes on as it came. */
export function request(id: string | number, method: string, params: string): string;
export function request(id: string | number, method: string, params: Params): Text;
export function request(id: string | number, method: string, params: Params): Text {
  const start = `{"jsonrpc":"2.0","id":${id}${betweenOf(method)}`;
  return typeof params === "string" ? `${start}${params}}` : params.between(start, "}");
}

/** What stands between id and parameters. Methods are few, and said with each call. */
function betweenOf(method: string): string {
  const known = betweens.get(method);
  if (known !== undefined) return known;
  const between = `,"method":${quoted(method)},"params":`;
  if (betweens.size < mostBetweens) betweens.set(method, between);
  return between;
}

const betweens = new Map<string, string>();
const mostBetweens = 64;

export const notification = (method: string, params: string): string =>
  `{"jsonrpc":"2.0","method":${quoted(method)},"params":${params}}`;

/** What stands before a result; a brace ends it. */
export const beforeResult = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":`;

/** Without an id it answers what could not be read (`null`). */
export function response(id: string | undefined, outcome: Outcome): string {
  if ("result" in outcome) return `${beforeResult(id ?? "null")}${outcome.result}}`;
  return `{"jsonrpc":"2.0","id":${id ?? "null"},"error":${outcome.error}}`;
}
