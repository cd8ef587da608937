import fc from "fast-check";
import type { Op } from "../../../src/storage/op.ts";
import { newPlot, step, tale } from "./moves.ts";
import { anywhere, beyond, both, nothing, type Reach, reachOf, thingsNow } from "./reach.ts";
import { diceOf, holds, story } from "./settings.ts";
import { type Actor, deal, ids, standing, tell } from "./small-world.ts";

const [ann = "", bob = ""] = ids.people;

/** What these can bring about together. At first also what they have a right to and nothing offers yet. */
function* reachable(actors: readonly Actor[], atFirst: boolean): Op<Reach> {
  const things = yield* thingsNow();
  let all = nothing;
  for (const actor of actors) {
    const rights = yield* standing(actor);
    if (rights !== undefined) all = both(all, anywhere(reachOf(rights, things), atFirst ? rights.layers : undefined));
  }
  return all;
}

/**
 * P2 and P7, told together: two people do whatever they like, by their logins, by every login they get hold of and by every token they mint;
 * nothing becomes reachable that was not reachable for one of them at first, and no single write gives what its writer lacks.
 */
holds(
  "P2 P7 two who collude reach nothing that neither could reach before, and give nothing that they lack",
  fc.asyncProperty(story(8), async ([start, steps]) =>
    tell(function* () {
      yield* deal(diceOf(start));
      const plot = newPlot([ann, bob]);
      const before = yield* reachable([{ principal: ann }, { principal: bob }], true);
      const actors = (): Actor[] => [
        ...[...plot.logins].map((principal) => ({ principal })),
        ...plot.tokens.map(({ bearer }) => ({ bearer })),
      ];
      for (const number of steps) {
        const dice = diceOf(number);
        yield* step(plot, dice, yield* standing(dice.pick(actors())));
        if (plot.broken !== undefined) return tale(plot, plot.broken, number);
      }
      const more = beyond(yield* reachable(actors(), false), before);
      return more === undefined ? undefined : tale(plot, "P2: they reach", more);
    }),
  ),
);
