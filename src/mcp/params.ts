import { type Piece, textOf } from "./bones.ts";
import { type Changes, withMembers } from "./spans.ts";

/** The parameters of a request as JSON text, or with a member that is too long for one. */
export type Params = string | LongParams;

/** Of these one member stays in the pieces that it came in; `text` is the object of all others, of which there are some. */
export class LongParams {
  readonly text: string;
  readonly key: string;
  readonly value: readonly Piece[];

  constructor(text: string, key: string, value: readonly Piece[]) {
    this.text = text;
    this.key = key;
    this.value = value;
  }

  /** With other others. */
  with(text: string): LongParams {
    return new LongParams(text, this.key, this.value);
  }

  /** What begins with `start` and ends with `end`, and has them in between. */
  between(start: string, end: string): Piece[] {
    return [`${start}${this.text.slice(0, -1)},${JSON.stringify(this.key)}:`, ...this.value, `}${end}`];
  }

  whole(): string {
    return textOf(this.between("", ""));
  }
}

/** With some members that are not long replaced, added or left out. */
export const withOthers = (params: Params, changes: Changes): Params =>
  typeof params === "string" ? withMembers(params, changes) : params.with(withMembers(params.text, changes));

/** For who must have all of it in one. */
export const wholeOf = (text: string | readonly Piece[]): string => (typeof text === "string" ? text : textOf(text));
