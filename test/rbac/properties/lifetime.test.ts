import fc from "fast-check";
import { atomsOf, decide } from "../../../src/rbac/evaluate.ts";
import { everything } from "../../../src/rbac/safeguards.ts";
import type { Op } from "../../../src/storage/op.ts";
import { sql } from "../../../src/storage/op.ts";
import { findPrincipal } from "../../../src/storage/resources.ts";
import { findToken } from "../../../src/storage/tokens.ts";
import { type Handed, newPlot, type Plot, step, takingAway, tale } from "./moves.ts";
import { beyond, held, inside, reachOf, thingsNow } from "./reach.ts";
import { diceOf, holds, story } from "./settings.ts";
import { type Actor, clock, deal, define, ids, rightsFor, standing, tell } from "./small-world.ts";

const [ann = "", bob = "", cyd = "", root = ""] = ids.people;

/** Whether a token has ended for good: revoked, expired, or gone. A disabled owner only suspends it. */
function* hasEnded({ id, endsBy }: Handed): Op<boolean> {
  if (endsBy !== undefined && endsBy <= clock.at) return true;
  const row = yield* findToken(id, undefined);
  return row === undefined || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= clock.at);
}

/** P3, P5, P8 of one token at this moment; answers what is wrong. */
function* strays(token: Handed): Op<string | undefined> {
  const rights = yield* rightsFor(token);
  if (rights === undefined) return undefined;
  if ((yield* findPrincipal(rights.userId))?.fields["disabled"] === true) return "P3: its owner is disabled";
  const owner = yield* rightsFor({ principal: rights.userId });
  if (owner === undefined || rights.project === undefined) return "P3: it outlives its owner";
  const reach = reachOf(rights, yield* thingsNow());
  const walls = inside(rights.project.name, rights.project["servers"] as string[]);
  const bounds = { "P3: more than its owner": held(owner.layers), "P5: outside its project": walls, P8: token.ceiling };
  for (const [what, most] of Object.entries(bounds)) {
    const more = beyond(reach, most);
    if (more !== undefined) return `${what}: ${JSON.stringify(more)}`;
  }
  return undefined;
}

/** P4: what has ended is refused at the door, now and whatever follows; so is what was minted by a token that has. */
function* note(plot: Plot, ended: Set<Handed>): Op<void> {
  for (const token of plot.tokens) if (!ended.has(token) && (yield* hasEnded(token))) ended.add(token);
  for (const token of plot.tokens)
    if (plot.tokens.some((one) => one.id === token.parent && ended.has(one))) ended.add(token);
}
function* revives(ended: Iterable<Handed>): Op<string | undefined> {
  for (const token of ended) if ((yield* rightsFor(token)) !== undefined) return "P4: what had ended is accepted";
  return undefined;
}

function* promoteEverybody(): Op<void> {
  yield sql`UPDATE resources SET fields = json_remove(fields, '$.disabled') WHERE kind IN ('user', 'serviceaccount')`;
  const rows = (yield sql`SELECT id, name FROM resources WHERE kind = 'user'`) as { id: string; name: string }[];
  yield* define(
    90,
    "promoted",
    rows.map(({ id, name }) => [`User:${id}`, name]),
    [...everything],
  );
}

function* somebodyMayDoEverything(): Op<boolean> {
  const rows = (yield sql`SELECT id FROM resources WHERE kind = 'user'`) as { id: string }[];
  for (const { id } of rows) {
    const layers = (yield* rightsFor({ principal: id }))?.layers ?? [];
    if (layers.length > 0 && everything.flatMap(atomsOf).every((atom) => decide(layers, atom).allowed)) return true;
  }
  return false;
}

holds(
  "P3 P4 P5 P8 a token is within its owner, its project and what its minter had, at every instant; what has ended stays so",
  fc.asyncProperty(story(8), async ([start, steps]) =>
    tell(function* () {
      yield* deal(diceOf(start));
      const plot = newPlot([ann, bob, cyd]);
      const ended = new Set<Handed>();
      for (const number of steps) {
        const dice = diceOf(number);
        const takes = plot.tokens.length > 0 && dice.once(3);
        const movers: Actor[] = [...plot.logins].map((principal) => ({ principal }));
        const actor = takes ? { principal: root } : dice.pick([...movers, ...movers, ...plot.tokens]);
        yield* step(plot, dice, yield* standing(actor), takes ? takingAway : undefined);
        yield* note(plot, ended);
        const [one, old] = [dice.pick(plot.tokens), dice.pick([...ended])];
        const wrong =
          plot.broken ?? (old && (yield* revives([old]))) ?? (one && dice.once(2) ? yield* strays(one) : undefined);
        if (wrong !== undefined) return tale(plot, wrong, number);
      }
      if (!(yield* somebodyMayDoEverything())) return tale(plot, "nobody is left who may do everything", start);
      yield* promoteEverybody();
      for (const token of plot.tokens) {
        const wrong = yield* strays(token);
        if (wrong !== undefined) return tale(plot, wrong, "everybody was promoted");
      }
      return yield* revives(ended);
    }),
  ),
);
