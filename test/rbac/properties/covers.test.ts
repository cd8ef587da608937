import fc from "fast-check";
import { patternCovers, toolPatternCovers } from "../../../src/lib/pattern.ts";
import { atomsOf, covers, escalation } from "../../../src/rbac/evaluate.ts";
import { getAllowedScope, getPermissions, meet } from "../../../src/rbac/permissions.ts";
import { checkBindings } from "../../../src/resources/rbac.ts";
import { toolMatches } from "../model.ts";
import { binding, bindings, layer, may, naive, near, universe } from "./bindings.ts";
import { holds } from "./settings.ts";

const choices = fc.array(fc.nat(), { maxLength: 4 });

/** An atom is let through by one binding that holds it, so whatever is refused has a witness and whatever is let through has none. */
holds(
  "P1 what escapes escalation allows nothing that its giver may not, and what does not escape allows something",
  fc.property(bindings(8), choices, (held, picks) => {
    const given = picks.map((choice) => near(held, choice));
    const [more, had] = [naive(given), naive(held)];
    const escaped = escalation([layer(held)], given);
    return (escaped.length === 0) === more.every((allowed, index) => !allowed || had[index]);
  }),
);

holds(
  "P1 one binding means what the model says",
  fc.property(binding, (one) => {
    const row = naive([one]);
    return universe.every((attempt, index) => covers(one, attempt) === row[index]);
  }),
);

holds(
  "P1 a binding holds its own atoms",
  fc.property(binding, (one) => atomsOf(one).length > 0 && atomsOf(one).every((atom) => may([layer([one])], atom))),
);

const run = fc.string({ unit: fc.constantFrom("a", "b", "*", "/", "."), maxLength: 5 });
const part = fc.tuple(run, run).map(([server, tool]) => `${server}/${tool}`);
holds(
  "P1 patterns agree with regular expressions, and one covers another only if it covers every text that the other does",
  fc.property(part, part, part, (pattern, text, other) => {
    if (toolPatternCovers(pattern, text) !== toolMatches(pattern, text)) return false;
    const plain = text.replaceAll("*", "");
    return !(patternCovers(pattern, other) && patternCovers(other, plain)) || patternCovers(pattern, plain);
  }),
);

holds(
  "P1 what two layers both give, written as bindings, is well formed and no more than each; without tools it is no less",
  fc.property(bindings(5), bindings(5), (one, other) => {
    const both = getPermissions([layer(one), layer(other)]).map((permission) => permission.binding);
    if (checkBindings(both, (word) => word).length > 0) return false;
    const [written, ones, others] = [naive(both), naive(one), naive(other)];
    return universe.every((attempt, i) => {
      const each = ones[i] === true && others[i] === true;
      return written[i] ? each : !each || "call" in attempt;
    });
  }),
);

holds(
  "P1 two bindings meet alike from either side",
  fc.property(binding, binding, (one, other) => {
    const [left, right] = [naive(meet(one, other)), naive(meet(other, one))];
    return left.every((allowed, index) => allowed === right[index]);
  }),
);

holds(
  "P9 the scope of a list is exactly the names that may be got",
  fc.property(bindings(6), bindings(6), fc.boolean(), (one, other, alone) => {
    const layers = alone ? [layer(one)] : [layer(one), layer(other)];
    return ["servers", "projects", "mcptokens"].every((resource) =>
      (["view", "update", "delete"] as const).every((verb) => {
        const scope = getAllowedScope(layers, verb, resource);
        return ["a", "b", "fresh"].every(
          (name) => (scope === "all" || scope.has(name)) === may(layers, { verb, resource, name }),
        );
      }),
    );
  }),
);
