import fc from "fast-check";
import { newPlot, step, tale, thievery } from "./moves.ts";
import { anywhere, beyond, reachOf, thingsNow } from "./reach.ts";
import { diceOf, holds, story } from "./settings.ts";
import { type Actor, deal, ids, standing, tell } from "./small-world.ts";

const [, , cyd = "", root = ""] = ids.people;

/** P6: whoever has one token of somebody else, and no login, reaches with it and with all that it mints no more than it allowed when it was stolen. */
holds(
  "P6 a stolen token, and all that is minted with it, reaches what it reached when it was stolen",
  fc.asyncProperty(story(6), async ([start, steps]) =>
    tell(function* () {
      const dice = diceOf(start);
      yield* deal(dice);
      const plot = newPlot([]);
      const owner = yield* standing({ principal: dice.once(2) ? cyd : root });
      for (let tries = 0; tries < 2 && plot.tokens.length === 0; tries++) yield* step(plot, dice, owner, [thievery[0]]);
      const stolen = plot.tokens[0];
      if (stolen === undefined) return undefined;
      const rights = yield* standing(stolen);
      if (rights === undefined) return undefined;
      const before = anywhere(reachOf(rights, yield* thingsNow()));
      for (const number of steps) {
        const next = diceOf(number);
        yield* step(plot, next, yield* standing(next.pick<Actor>(plot.tokens)), thievery);
        if (plot.broken !== undefined) return tale(plot, plot.broken, number);
      }
      const things = yield* thingsNow();
      for (const token of plot.tokens) {
        const now = yield* standing(token);
        const more = now === undefined ? undefined : beyond(anywhere(reachOf(now, things)), before);
        if (more !== undefined) return tale(plot, "P6: the thief reaches", more);
      }
      return undefined;
    }),
  ),
);
