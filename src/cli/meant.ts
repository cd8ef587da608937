import { Problem } from "../lib/problem.ts";
import type { AnyKind } from "../resources/define.ts";
import { kindOf } from "./session.ts";

/** Resources of one kind that a command line means: those of these names, or without any all of them. */
export type Meant = { kind: AnyKind; names: string[] };

const mostKinds = 20;

/**
 * `servers`, `servers files own`, `servers/files projects/demo`, `servers,projects`: what is meant, kind by kind in the order of the words.
 * @throws Problem `invalid`
 */
export function meantBy(words: readonly string[]): Meant[] {
  const [first = "", ...others] = words;
  if (first.includes(",")) {
    if (others.length > 0)
      throw new Problem("invalid", "names are of one kind: of several kinds all are shown, or each is named KIND/NAME");
    const kinds = [
      ...new Set(
        first
          .split(",")
          .filter((word) => word !== "")
          .map(kindOf),
      ),
    ];
    if (kinds.length > mostKinds) throw new Problem("invalid", `${mostKinds} kinds at once, at most`);
    return kinds.map((kind) => ({ kind, names: [] }));
  }
  const [word = "", name] = split(first);
  const head: Meant = { kind: kindOf(word), names: name === undefined ? [] : [name] };
  const targets = [head];
  for (const other of others) {
    const [prefix = "", own] = split(other);
    // A name without its kind is of the first one.
    if (own === undefined) head.names.push(other);
    else namedOf(targets, kindOf(prefix)).push(own);
  }
  return targets;
}

function namedOf(targets: Meant[], kind: AnyKind): string[] {
  const known = targets.find((target) => target.kind === kind);
  if (known !== undefined) return known.names;
  const names: string[] = [];
  targets.push({ kind, names });
  return names;
}

/** `KIND/NAME` in two; only at the first stroke, since names may hold others. */
function split(word: string): [string, string?] {
  const at = word.indexOf("/");
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
