import { type Piece, textOf } from "../lib/pieces.ts";
import type { Text } from "./json-rpc.ts";
import { type Changes, oneLine, skipSpace, withMembers } from "./spans.ts";

/** In which nearly all stands that is long in a message. */
export const longMember = "arguments";

/** The parameters of a request as JSON text, or with arguments that are too long for one. */
export type Params = string | LongParams;

/** The arguments stay in the pieces that they came in; `others` is the object of all other members. */
export class LongParams {
  readonly others: string;
  readonly value: readonly Piece[];

  constructor(others: string, value: readonly Piece[]) {
    this.others = others;
    this.value = value;
  }

  with(others: string): LongParams {
    return new LongParams(others, this.value);
  }

  /** What begins with `start` and ends with `end`, and has them in between. */
  between(start: string, end: string): Piece[] {
    const last = this.others.length - 1;
    const comma = skipSpace(this.others, 1) === last ? "" : ",";
    return [`${start}${this.others.slice(0, last)}${comma}"${longMember}":`, ...this.value, `}${end}`];
  }

  whole(): string {
    return textOf(this.between("", ""));
  }
}

/** With some members that are not long replaced, added or left out. */
export const withOthers = (params: Params, changes: Changes): Params =>
  typeof params === "string" ? withMembers(params, changes) : params.with(withMembers(params.others, changes));

/** `oneLine` of a message in pieces too. Most have no such line end, and none of them a part of one. */
export const onOneLine = (text: Text): Text =>
  typeof text !== "string" && text.every(isOnOneLine) ? text : oneLine(wholeOf(text));

const lineEnds = ["\u2028", "\u2029"].map((end) => Buffer.from(end));
/** What both begin with, and which other characters do as well. */
const begun = 0xe2;

function isOnOneLine(piece: Piece): boolean {
  if (typeof piece === "string") return oneLine(piece) === piece;
  const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  return bytes.at(-1) !== begun && bytes.at(-2) !== begun && !lineEnds.some((end) => bytes.includes(end));
}

/** For who must have all of it in one. */
export const wholeOf = (text: Text): string => (typeof text === "string" ? text : textOf(text));
