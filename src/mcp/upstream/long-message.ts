import { inTurns, type Worked } from "../../lib/share.ts";
import { longString, skipString, tidyEnd } from "../lexemes.ts";
import { type Excess, type Outline, Outlining, outlineOf } from "../outline.ts";
import { joined, Members } from "../spans.ts";

/** So many characters are read in one step. */
const step = 64 * 1024;
/** An escape has no more, so that one may be cut. */
const longestEscape = 6;

const within = "result";

type Bounds = { depth: number; elements: number };

/**
 * The outline of a long text in pieces, in turns with all others: what makes it long is a string mostly, or a few, and no piece that is in the midst
 * of one is looked at but for what a parser would object to. Only what is left of it is outlined.
 */
export async function longOutline(
  parts: readonly string[],
  bounds: Bounds,
  worked?: Worked,
): Promise<Outline | Excess> {
  const bared = new Bared();
  await inTurns(baring(bared, parts), worked);
  const outlining = new Outlining(bared.text, bounds, bounds.elements, within);
  await inTurns(inSteps(outlining), worked);
  const { outcome } = outlining;
  if (typeof outcome === "string") return outcome;
  // What is called by a long string, which is empty there, is rare enough.
  const areNamed = outcome.members.indexOf("") < 0 && (outcome.inner === undefined || outcome.inner.indexOf("") < 0);
  return areNamed ? bared.inPlace(outcome) : outlineOf(joined(parts), bounds, bounds.elements, within);
}

function* baring(bared: Bared, parts: readonly string[]): Generator<void, void> {
  for (const part of parts)
    for (let at = 0; at < part.length; at += step) {
      bared.take(part.slice(at, at + step));
      yield;
    }
  bared.end();
}

function* inSteps(outlining: Outlining): Generator<void, void> {
  while (!outlining.go(step)) yield;
}

/** A text without its long strings, as far as it was read: they are empty in it. What no parser would take stays in it, for it not to be taken. */
class Bared {
  text = "";
  /** Where in it how much is missing. */
  readonly #gone: { at: number; length: number }[] = [];
  /** Of an escape that is cut. */
  #tail = "";
  /** Of the string that it stands in, how long that is so far and, while it may be short, what it says. */
  #length = -1;
  #said = "";
  #isDoubtful = false;

  take(part: string): void {
    const piece = this.#tail + part;
    this.#tail = "";
    // Up to where the text has it, and up to where it was looked at.
    let at = 0;
    let seen = 0;
    if (this.#length >= 0) {
      at = this.#goOn(piece, 0);
      seen = at + 1;
    }
    while (seen < piece.length && !this.#isDoubtful) {
      const opens = piece.indexOf('"', seen);
      if (opens < 0) break;
      seen = skipString(piece, opens);
      if (seen < piece.length && seen - opens <= longString) continue;
      this.text += piece.slice(at, opens + 1);
      this.#length = 0;
      at = this.#goOn(piece, opens + 1);
      seen = at + 1;
    }
    if (this.#length < 0) this.text += piece.slice(at);
  }

  end(): void {
    if (this.#length >= 0) this.text += this.#said + this.#tail;
  }

  /** Reads on in a string; answers where its quote stands, or the end of the piece. */
  #goOn(piece: string, from: number): number {
    const end = tidyEnd(piece, from);
    const length = this.#length + end - from;
    const isLong = length > longString;
    this.#said = isLong ? "" : this.#said + piece.slice(from, end);
    this.#length = length;
    if (end === piece.length || isCut(piece, end)) {
      this.#tail = piece.slice(end);
      return piece.length;
    }
    if (isLong) this.#gone.push({ at: this.text.length, length });
    else this.text += this.#said;
    this.#said = "";
    this.#length = -1;
    this.#isDoubtful ||= piece[end] !== '"';
    return end;
  }

  /** What was measured in it as it stands in the whole text. */
  inPlace({ members, inner, keys, bones }: Outline): Outline {
    const at = members.indexOf(within);
    const from = at < 0 ? 0 : members.start(at);
    return { members: this.#placed(members, 0), inner: inner && this.#placed(inner, from), keys, bones };
  }

  #placed(members: Members, from: number): Members {
    const gone = this.#gone;
    let [n, missing] = [0, 0];
    const place = (at: number): number => {
      for (let next = gone[n]; next !== undefined && next.at < at; next = gone[++n]) missing += next.length;
      return at + missing;
    };
    const origin = place(from);
    const placed = new Members();
    for (const { key, start, end } of members.all())
      placed.add(key, place(from + start) - origin, place(from + end) - origin);
    return placed;
  }
}

/** Whether an escape begins there that the piece does not hold to its end. */
const isCut = (piece: string, at: number): boolean => piece[at] === "\\" && piece.length - at < longestEscape;
