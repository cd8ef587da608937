/** What a character is to a tokenizer; text is cut where one class gives way to another, and then within long runs. */
const LOWER = 0;
const UPPER = 1;
const DIGIT = 2;
const MARK = 3;
const SPACE = 4;
const BREAK = 5;

const classes = new Uint8Array(128).fill(MARK);
classes.fill(LOWER, 97, 123).fill(UPPER, 65, 91).fill(DIGIT, 48, 58);
for (const char of "\0\t\v\f ") classes[char.charCodeAt(0)] = SPACE;
for (const char of "\n\r") classes[char.charCodeAt(0)] = BREAK;

/** Tokens of a run of so many characters, in hundredths: `bench/tool-tokens.ts` compares them with o200k. */
const most = 64;
const runOf = (cost: (length: number) => number) =>
  Uint16Array.from({ length: most + 1 }, (_, length) => Math.round(100 * cost(length)));
const costs = [
  runOf((length) => 1 + Math.max(0, length - 8) / 6),
  runOf((length) => 1 + Math.max(0, length - 4) / 3),
  runOf((length) => Math.ceil(length / 3)),
  runOf((length) => 0.9 + Math.max(0, length - 3) / 3),
  // One space goes with the word behind it.
  runOf((length) => (length < 2 ? 0 : 1)),
  runOf(() => 1),
] as const;

/**
 * How many tokens a model makes of a text: an estimate, the same for every model. A real tokenizer's table is megabytes and takes some 10 ms for
 * 100 KB; how far this is off stands in docs/tool-budget.md, measured by `bench/tool-tokens.ts`.
 */
export function tokensIn(text: string): number {
  let hundredths = 0;
  let from = 0;
  let of = -1;
  const length = text.length;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      const is = classes[code] as number;
      if (is === of) continue;
      // A capital begins the word that follows it.
      if (of === UPPER && is === LOWER && at - from === 1) {
        of = LOWER;
        continue;
      }
      if (of >= 0) hundredths += costOf(of, at - from);
      of = is;
      from = at;
    } else {
      if (of >= 0) hundredths += costOf(of, at - from);
      of = -1;
      hundredths += beyondAscii(code);
    }
  }
  if (of >= 0) hundredths += costOf(of, length - from);
  return Math.ceil(hundredths / 100);
}

function costOf(of: number, length: number): number {
  const table = costs[of] as Uint16Array;
  const rest = length % most;
  return (table[rest] as number) * (rest > 0 ? 1 : 0) + ((length - rest) / most) * (table[most] as number);
}

/** Letters of Latin, Greek and Cyrillic share a token with their neighbours, those of other scripts hardly; half of a surrogate pair is half of it. */
function beyondAscii(code: number): number {
  if (code < 0x530) return 45;
  if (code < 0x2000) return 60;
  if (code < 0x2e80) return 90;
  return code >= 0xd800 && code < 0xe000 ? 100 : 85;
}
