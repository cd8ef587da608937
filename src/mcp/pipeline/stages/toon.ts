import { encode } from "@toon-format/toon";
import * as Type from "../../../lib/type.ts";
import { hasTwins, skipString } from "../../spans.ts";
import { jsonValues } from "../json/values.ts";
import { defineStage } from "../stage.ts";

const config = Type.Object(
  {
    over: Type.Integer({
      default: 500,
      minimum: 0,
      maximum: 1_000_000,
      description: "Characters; what is not longer stays JSON",
    }),
  },
  { additionalProperties: false },
);
type Config = { over: number };

/** Reading and writing more would hold everybody else. */
const most = 1024 * 1024;
/** What saves less is not worth another form. */
const worth = 0.95;
/** `items[3]{id,name}:`, the head of a table. */
const table = /\[\d+[,|\t]?\]\{[^\n]+\}:\n/;

export const toon = defineStage({
  name: "toon",
  description: "JSON whose lists are tables is written as such (TOON), where that is shorter",
  config,
  leaves: (written) => (written as Config).over,
  async run(content, { config, sections = [] }) {
    const { over } = config as Config;
    if (content.length <= over || content.length > most || sections.length > 0) return { content };
    const roots = await jsonValues(content);
    if (roots === undefined) return { content, metadata: { note: "no JSON" } };
    if (hasTwins(content) || !isPlain(content)) return { content, metadata: { note: "something in it would be lost" } };
    const values = roots.map(({ start, end }) => JSON.parse(content.slice(start, end)) as unknown);
    const written = encode(values.length === 1 ? values[0] : values);
    return table.test(written) && written.length < content.length * worth ? { content: written } : { content };
  },
});

const number = /-?\d[\d.eE+-]*/y;
const digits = 15;

/**
 * Whether nothing in it changes when it is read and written: JavaScript keeps fifteen digits of a number, and `__proto__` is no name to it. Half a
 * character could not be read back either. Pure.
 */
function isPlain(text: string): boolean {
  if (/__proto__|\\u[dD][89a-fA-F]/.test(text) || !text.isWellFormed()) return false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') at = skipString(text, at) - 1;
    number.lastIndex = at;
    const token = number.exec(text)?.[0];
    if (token === undefined) continue;
    const written = token.replace(/[-.]/g, "").replace(/^0+/, "");
    if (written.length > digits || /[eE]/.test(token) || Object.is(Number(token), -0)) return false;
    at += token.length - 1;
  }
  return true;
}
