import {
  applyEdits,
  type ModificationOptions,
  modify,
  type ParseError,
  parse,
  printParseErrorCode,
} from "jsonc-parser";
import { Broken, type Format } from "./document.ts";

/** JSON with comments and trailing commas, as editors and agents write it; both stay. */
export const json: Format = {
  title: "JSON",
  read(text) {
    const errors: ParseError[] = [];
    const value: unknown = parse(bare(text), errors, { allowTrailingComma: true, allowEmptyContent: true });
    const [first] = errors;
    if (first === undefined) return value;
    const before = bare(text).slice(0, first.offset).split("\n");
    throw new Broken(worded(printParseErrorCode(first.error)), before.length, (before.at(-1)?.length ?? 0) + 1);
  },
  put: (text, path, value) => edited(text, path, value),
  drop: (text, path) => edited(text, path, undefined),
  write: (value) => `${JSON.stringify(value, null, 2)}\n`,
};

const mark = "\ufeff";
const bare = (text: string): string => (text.startsWith(mark) ? text.slice(1) : text);

function edited(text: string, path: readonly (string | number)[], value: unknown): string {
  const start = text.startsWith(mark) ? mark : "";
  const isNew = bare(text).trim() === "";
  const before = isNew ? "{}\n" : bare(text);
  const indent = /^([ \t]+)\S/m.exec(before)?.[1] ?? "  ";
  const options: ModificationOptions = {
    formattingOptions: {
      insertSpaces: !indent.startsWith("\t"),
      tabSize: indent.startsWith("\t") ? 1 : indent.length,
      eol: before.includes("\r\n") ? "\r\n" : "\n",
    },
  };
  return start + applyEdits(before, modify(before, [...path], value, options));
}

/** `ValueExpected` as people say it. */
const worded = (code: string): string => code.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
