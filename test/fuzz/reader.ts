/**
 * A second reader of JSON (RFC 8259), written without looking at the product's: it keeps every key that stands there, and where each value
 * stands. What readers make of it that believe the first or the last of two, or are blind to case, is `see`.
 */
export type Node = { text: string; value?: unknown; members?: { key: string; value: Node }[]; items?: Node[] };

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const escapes: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** @throws SyntaxError when it is not JSON */
export function read(text: string): Node {
  let at = 0;
  const wrong = () => new SyntaxError(`not JSON at ${at}`);
  const blanks = () => {
    while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at++;
  };
  const take = (literal: string) => {
    if (!text.startsWith(literal, at)) throw wrong();
    at += literal.length;
  };

  function string(): string {
    take('"');
    let value = "";
    for (let from = at; ; at++) {
      const code = text.charCodeAt(at);
      if (Number.isNaN(code) || code < 0x20) throw wrong();
      if (code !== 0x22 && code !== 0x5c) continue;
      value += text.slice(from, at);
      if (code === 0x22) {
        at++;
        return value;
      }
      value += escaped(text[at + 1] ?? "");
      from = at + 1;
    }
  }

  /** Leaves `at` on the last character of the escape. */
  function escaped(kind: string): string {
    at++;
    if (kind !== "u") {
      if (!Object.hasOwn(escapes, kind)) throw wrong();
      return escapes[kind] ?? "";
    }
    const digits = text.slice(at + 1, at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw wrong();
    at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  function list<T>(close: string, one: () => T): T[] {
    const all: T[] = [];
    at++;
    blanks();
    if (text[at] === close) at++;
    else
      for (;;) {
        all.push(one());
        blanks();
        if (text[at++] === close) break;
        at--;
        take(",");
      }
    return all;
  }

  function member(): { key: string; value: Node } {
    blanks();
    const key = string();
    blanks();
    take(":");
    return { key, value: node() };
  }

  function node(): Node {
    blanks();
    const start = at;
    const first = text[at];
    if (first === "{") {
      const members = list("}", member);
      return { text: text.slice(start, at), members };
    }
    if (first === "[") {
      const items = list("]", node);
      return { text: text.slice(start, at), items };
    }
    const value = scalar(first);
    return { text: text.slice(start, at), value };
  }

  function scalar(first: string | undefined): unknown {
    if (first === '"') return string();
    for (const [literal, value] of [["true", true] as const, ["false", false] as const, ["null", null] as const]) {
      if (!text.startsWith(literal, at)) continue;
      at += literal.length;
      return value;
    }
    number.lastIndex = at;
    const [found] = number.exec(text) ?? [];
    if (found === undefined) throw wrong();
    at += found.length;
    return Number(found);
  }

  const root = node();
  blanks();
  if (at < text.length) throw wrong();
  return root;
}

/** How a reader finds a member: which keys are one to it, and whether it believes the first or the last of them. */
export type Sight = { name: string; fold: (key: string) => string; takes: "first" | "last" };

const folds: Record<string, (key: string) => string> = {
  exactly: (key) => key,
  // Go's encoding/json: simple folding of single characters.
  "blind to case": (key) => key.replaceAll("\u017f", "s").replaceAll("\u212a", "k").toLowerCase(),
  // Java's equalsIgnoreCase: to upper case, then to lower case, a character at a time.
  "blind to case by capitals": (key) =>
    [...key].map((one) => (one === "\u0130" ? "i" : one.toUpperCase().toLowerCase())).join(""),
  // Go's encoding/json/v2 with its delimiters ignored; and readers that know snake_case and camelCase alike.
  "blind to separators": (key) => key.replace(/[-_]/g, "").toLowerCase(),
  // Readers that bring text into a normal form first.
  "blind to width": (key) => key.normalize("NFKC").toLowerCase(),
  // C: a string ends at NUL.
  "ends at NUL": (key) => key.split("\0")[0] ?? "",
};
export const sights: readonly Sight[] = Object.entries(folds).flatMap(([name, fold]) =>
  (["first", "last"] as const).map((takes) => ({ name: `${name}, believes the ${takes}`, fold, takes })),
);

export function see(node: Node | undefined, key: string, { fold, takes }: Sight): Node | undefined {
  const wanted = fold(key);
  const same = (member: { key: string }) => fold(member.key) === wanted;
  return (takes === "first" ? node?.members?.find(same) : node?.members?.findLast(same))?.value;
}

/** Whether a key stands twice in one object, however deep. */
export function holdsTwins({ members = [], items = [] }: Node): boolean {
  if (new Set(members.map(({ key }) => key)).size < members.length) return true;
  return items.some(holdsTwins) || members.some(({ value }) => holdsTwins(value));
}
