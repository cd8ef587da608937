import { Problem } from "../../lib/problem.ts";

/**
 * A way into a document, as kubectl writes it: `.status.tools`, `.servers[0]`, `.env[*].name`, `.items[?(@.state=="active")].name`, `['odd key']`.
 * Nothing of it is ever run as code.
 */
export type Path = readonly Step[];
type Step =
  | { key: string }
  | { at: number }
  | { from: number | undefined; to: number | undefined }
  | { where: Path; is: string; value: unknown }
  | { each: true };

/** @throws Problem `invalid` */
export function parsePath(text: string): Path {
  const steps: Step[] = [];
  let rest = text.trim().replace(/^[$@]/, "");
  if (/^[A-Za-z_]/.test(rest)) rest = `.${rest}`;
  while (rest !== "") {
    const [whole, step] = nextStep(rest, text);
    if (step !== undefined) steps.push(step);
    rest = rest.slice(whole.length);
  }
  return steps;
}

function nextStep(rest: string, text: string): [whole: string, step: Step | undefined] {
  const key = /^\.([A-Za-z0-9_-]+)/.exec(rest) ?? /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(rest);
  if (key !== null) return [key[0], { key: key[1] ?? key[2] ?? "" }];
  const each = /^(?:\[\*\]|\.\*)/.exec(rest);
  if (each !== null) return [each[0], { each: true }];
  const at = /^\[(-?\d{1,9})\]/.exec(rest);
  if (at !== null) return [at[0], { at: Number(at[1]) }];
  const range = /^\[(-?\d{1,9})?:(-?\d{1,9})?\]/.exec(rest);
  if (range !== null) return [range[0], { from: numberIn(range[1]), to: numberIn(range[2]) }];
  const where = /^\[\?\(\s*@([^=!<>()]*?)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|-?[\d.]+|true|false)\s*)?\)\]/.exec(
    rest,
  );
  if (where !== null)
    return [where[0], { where: parsePath(where[1] ?? ""), is: where[2] ?? "", value: literal(where[3]) }];
  // Alone it is the document itself.
  if (rest === "." && text.trim() === ".") return [rest, undefined];
  throw new Problem("invalid", "this path cannot be read", {
    hint: 'write it as .status.tools, .servers[0], .env[*].name or .items[?(@.state=="active")].name',
  });
}

const numberIn = (text: string | undefined) => (text === undefined ? undefined : Number(text));

function literal(text = ""): unknown {
  if (/^["']/.test(text)) return text.slice(1, -1);
  return text === "true" ? true : text === "false" ? false : Number(text);
}

/** So many values a path may lead to: what a few stars make of a long list is no output. */
const most = 1_000_000;

/** All values that the path leads to, none when it leads nowhere. @throws Problem `invalid` when they are too many */
export function valuesAt(path: Path, document: unknown): unknown[] {
  let values: unknown[] = [document];
  for (const step of path) {
    values = values.flatMap((value) => taken(step, value));
    if (values.length > most) throw new Problem("invalid", `this path leads to more than ${most} values`);
  }
  return values;
}

function taken(step: Step, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if ("key" in step) return Object.hasOwn(value, step.key) ? [(value as Record<string, unknown>)[step.key]] : [];
  const list: unknown[] = Array.isArray(value) ? value : "at" in step || "from" in step ? [] : Object.values(value);
  if ("each" in step) return list;
  if ("at" in step) return list.length === 0 ? [] : list.slice(step.at, step.at === -1 ? undefined : step.at + 1);
  if ("from" in step) return list.slice(step.from, step.to);
  return list.filter((one) => valuesAt(step.where, one).some((found) => holds(found, step.is, step.value)));
}

function holds(found: unknown, is: string, value: unknown): boolean {
  if (is === "") return true;
  if (is === "==") return found === value;
  if (is === "!=") return found !== value;
  if (typeof found !== typeof value || (typeof found !== "number" && typeof found !== "string")) return false;
  const [a, b] = [found, value as typeof found];
  return is === "<" ? a < b : is === ">" ? a > b : is === "<=" ? a <= b : a >= b;
}

/** As it stands in a column or between other words: text as it is, all else as JSON. */
export const inWords = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
