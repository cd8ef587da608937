import fc from "fast-check";
import type { Attempt, Layer } from "../../../src/rbac/evaluate.ts";
import { getAllowedScope, getPermissions } from "../../../src/rbac/permissions.ts";
import type { Binding } from "../../../src/resources/rbac.ts";
import { binding, bindings, layer, may, naive, third, universe } from "./bindings.ts";
import { diceOf, holds } from "./settings.ts";

/** The same bindings, some of them twice, in another order, in several definitions, some of which come through a group. */
function dealt(held: readonly Binding[], start: number): Layer {
  const dice = diceOf(start);
  const all = [...held, ...held.filter(() => dice.once(3))].toSorted(() => dice.below(3) - 1);
  const piles: Binding[][] = [[], [], []];
  for (const one of all) piles[dice.below(3)]?.push(one);
  const { who, held: given } = layer(...piles);
  return { who, held: given.map((one, index) => ({ ...one, via: index === 1 ? "Group:g" : undefined })) };
}

holds(
  "P10 order, duplicates, definitions and groups change nothing, and the index is the plain scan",
  fc.property(bindings(12), fc.nat(), (held, start) => {
    const [plain, whole, parts] = [naive(held), layer([...held]), dealt(held, start)];
    return third(start).every((index) => {
      const [allowed, attempt] = [plain[index], universe[index] as Attempt];
      return may([whole], attempt) === allowed && may([parts], attempt) === allowed;
    });
  }),
);

const scopeOf = (layers: Layer[]) => {
  const scope = getAllowedScope(layers, "view", "servers");
  return scope === "all" ? scope : [...scope].toSorted().join();
};
holds(
  "P10 nor do they change scopes and lists of rights; layers may stand in any order",
  fc.property(bindings(6), bindings(6), fc.nat(), (one, other, start) => {
    const [straight, dealtOut] = [
      [layer([...one]), layer([...other])],
      [dealt(other, start), dealt(one, start + 1)],
    ];
    if (scopeOf(straight) !== scopeOf(dealtOut)) return false;
    const written = [straight, dealtOut].map((layers) => naive(getPermissions(layers).map((p) => p.binding)));
    return universe.every((_, index) => written[0]?.[index] === written[1]?.[index]);
  }),
);

holds(
  "P12 a binding more takes nothing away, a binding less adds nothing, a layer more only narrows",
  fc.property(bindings(8), binding, bindings(5), fc.nat(), (held, more, other, phase) => {
    const [fewer, wider, besides] = [layer([...held]), layer([...held], [more]), layer([...other])];
    const [own, others] = [naive([more]), naive(other)];
    return third(phase).every((index) => {
      const attempt = universe[index] as Attempt;
      const expected = may([fewer], attempt) || own[index] === true;
      return may([wider], attempt) === expected && may([wider, besides], attempt) === (expected && others[index]);
    });
  }),
);
