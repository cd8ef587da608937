import { Problem } from "../lib/problem.ts";

export type Labels = Readonly<Record<string, string>>;
/** Whether something of these labels is chosen. */
export type Selector = (labels: Labels | undefined) => boolean;

/**
 * `team=docs,tier!=test,keep,!old`: kubectl's equality selectors, all of which must hold. As there, `!=` also chooses what lacks the label.
 * @throws Problem `invalid` naming the part that cannot be read
 */
export function parseSelector(text: string): Selector {
  const terms = text.split(",").map((part, index) => termIn(part.trim(), index + 1));
  return (labels = {}) => terms.every((holds) => holds(labels));
}

type Term = (labels: Labels) => boolean;

const key = "[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?";
const compared = new RegExp(`^(${key})\\s*(==?|!=)\\s*([A-Za-z0-9._-]{0,63})$`);
const present = new RegExp(`^(!?)\\s*(${key})$`);

function termIn(part: string, position: number): Term {
  const [, left = "", operator, right = ""] = compared.exec(part) ?? [];
  if (operator !== undefined) return (labels) => (own(labels, left) === right) === (operator !== "!=");
  const [, not, name] = present.exec(part) ?? [];
  if (name !== undefined) return (labels) => (own(labels, name) !== undefined) === (not === "");
  throw new Problem("invalid", `part ${position} of the selector is none`, {
    hint: "a selector is KEY=VALUE, KEY!=VALUE, KEY or !KEY, several with commas: -l team=docs,tier!=test",
  });
}

const own = (labels: Labels, name: string): string | undefined =>
  Object.hasOwn(labels, name) ? labels[name] : undefined;
