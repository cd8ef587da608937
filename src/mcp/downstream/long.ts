import { type Piece, sizeOf, textOf } from "../../lib/pieces.ts";
import type { ProjectLimits } from "../../resources/limits.ts";
import { type Bones, longMessage } from "../bones.ts";
import { longMember as key } from "../params.ts";
import type { Members, Span } from "../spans.ts";
import { type Inbound, type Judged, judgeInTurns } from "./inbound.ts";

/**
 * Judges a long message by its bones: by strings within arguments nothing is judged here, and those go on in the pieces that they came in. Where
 * anything else was left out, such as in what a client answers, it is judged as a whole.
 */
export async function judgeLong(bones: Bones, headers: Headers, limits: ProjectLimits): Promise<Judged> {
  const judged = await judgeInTurns(bones.text, headers, limits);
  if ("refusal" in judged) return judged;
  const { inbound, at } = judged;
  // Such a one only came without its length.
  if (bones.left.length === 0 && bones.text.length <= longMessage) return judged;
  const place = inbound.members.indexOf(key);
  const args =
    place < 0 ? undefined : { start: at + inbound.members.start(place), end: at + inbound.members.end(place) };
  const isWithin = (left: number) => args !== undefined && left > args.start && left < args.end;
  if (!bones.left.every((left) => isWithin(left.at))) return await judgeInTurns(bones.whole(), headers, limits);
  return args === undefined ? judged : { inbound: new Long(inbound, bones, at, args), at };
}

/** One message of which nobody has made a text yet. Who asks for it has it made. */
class Long implements Inbound {
  readonly era: Inbound["era"];
  readonly id: string | undefined;
  readonly method: string | undefined;
  readonly params: Record<string, unknown>;
  readonly brief: string;
  readonly members: Members;
  readonly long: readonly Piece[];
  readonly size: number;
  readonly meta: Record<string, unknown>;
  readonly answer: Inbound["answer"];
  readonly #all: () => Piece[];
  #paramsText: string | undefined;

  constructor(judged: Inbound, bones: Bones, at: number, args: Span) {
    this.era = judged.era;
    this.id = judged.id;
    this.method = judged.method;
    this.brief = judged.brief;
    this.members = judged.members;
    this.meta = judged.meta;
    this.answer = judged.answer;
    this.long = bones.pieces(args.start, args.end);
    this.#all = () => bones.pieces(at, at + judged.brief.length);
    let size = Buffer.byteLength(judged.brief);
    for (const { pieces } of bones.left) for (const piece of pieces) size += sizeOf(piece);
    this.size = size;
    let parsed: unknown;
    this.params = Object.defineProperty(judged.params, key, {
      configurable: true,
      enumerable: true,
      get: () => {
        parsed ??= JSON.parse(textOf(this.long));
        return parsed;
      },
    });
  }

  get paramsText(): string {
    this.#paramsText ??= textOf(this.#all());
    return this.#paramsText;
  }
}
