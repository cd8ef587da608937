import fc from "fast-check";
import { openSession } from "../../../src/auth/session.ts";
import { Problem } from "../../../src/lib/problem.ts";
import type { Admission } from "../../../src/mcp/visit.ts";
import type { ResourceVerb } from "../../../src/rbac/evaluate.ts";
import { decideCall, type Rights } from "../../../src/rbac/rights.ts";
import type { AnyKind } from "../../../src/resources/define.ts";
import { admission } from "../../../src/server/admit.ts";
import type { Database, Op } from "../../../src/storage/op.ts";
import { visitorOf } from "../../visitor.ts";
import { allows, toolMatches } from "../model.ts";
import { minting, newPlot, step } from "./moves.ts";
import { type Dice, diceOf, holds, story } from "./settings.ts";
import { clock, deal, hashKeys, ids, isForbidden, kindOf, rightsFor, sourceOf, store, tell } from "./small-world.ts";

const kinds = ["server", "project", "rbac", "user", "group", "mcptoken"].map(kindOf);

const mayViewPlainly = ({ layers }: Rights, { plural }: AnyKind, name: string): boolean =>
  layers.every(({ held }) =>
    held.some(({ grants }) =>
      grants.all.some(({ binding }) => allows(binding, { verb: "view", resource: plural, name })),
    ),
  );

/** P9 and P11 for the control API: a list is what may be got; can-i says what get, apply and delete then do. */
function* storeDisagrees(rights: Rights, kind: AnyKind, dice: Dice): Op<string | undefined> {
  const refused = yield* isForbidden(() => store.list(rights, kind));
  const listed = new Set((refused ? [] : yield* store.list(rights, kind)).map(({ id }) => id));
  const items = yield* sourceOf(kind).list();
  for (const item of [dice.pick(items), dice.pick(items)].filter((one) => one !== undefined)) {
    const { id, name, version: _, createdAt: __, updatedAt: ___, ...fields } = item;
    const says = function* (verb: ResourceVerb) {
      return (yield* store.ask(rights, verb, kind, kind.kind === "mcptoken" ? id : name)).allowed;
    };
    const seen = !(yield* isForbidden(() => store.get(rights, kind, id)));
    if (seen !== listed.has(id) || seen !== (yield* says("view"))) return `${kind.kind} ${name}: list, get, can-i`;
    const plain = mayViewPlainly(rights, kind, name) || kind.owner?.(item) === rights.user;
    if (rights.project === undefined ? seen !== plain : seen && !plain) return `${kind.kind} ${name}: it is seen`;
    const deletes = kind.kind === "mcptoken" || dice.once(2);
    const done = !(yield* isForbidden(() =>
      deletes ? store.remove(rights, kind, id) : store.save(rights, { kind, name, fields }, "apply"),
    ));
    const verb = deletes ? "delete" : "update";
    if (done !== (yield* says(verb))) return `${kind.kind} ${name}: ${verb}, can-i`;
  }
  return undefined;
}

/** What the gateway's door does, in this very transaction: admission hands its one operation to the database that it is given. */
function* admitted(bearer: string, project: string): Op<Admission | undefined> {
  let operation: (() => Op<{ admitted: Admission }>) | undefined;
  const database = {
    read: (given: typeof operation) => {
      operation = given;
      return new Promise(() => {});
    },
  } as unknown as Database;
  const visitor = visitorOf(new Request("http://127.0.0.1/mcp"), { project, transport: "streamable" });
  void admission(database, hashKeys, clock, () => {})(visitor, bearer);
  try {
    return operation === undefined ? undefined : (yield* operation()).admitted;
  } catch (error) {
    if (error instanceof Problem && error.code === "forbidden") return undefined;
    throw error;
  }
}

/** By the plain words of the model, from the layers alone. */
function mayCallPlainly({ layers, filters, project: home }: Rights, call: string, project: string): boolean {
  return (
    (home === undefined || home.name === project) &&
    layers.every(({ held }) =>
      held.some(({ grants }) => grants.all.some(({ binding }) => allows(binding, { call, project }))),
    ) &&
    filters.every(({ tools }) => tools === null || tools.some((pattern) => toolMatches(pattern, call)))
  );
}

/** P9 and P11 for the gateway: whom the door lets in, and which tools are listed, is what can-i says. */
function* doorDisagrees(rights: Rights, bearer: string, project: string): Op<string | undefined> {
  const admission = yield* admitted(bearer, project);
  const whole = (yield* store.ask(rights, "run", kindOf("project"), project)).allowed;
  const reaches = (server: string) =>
    rights.layers.every(({ held }) =>
      held.some(({ grants }) => grants.all.some(({ binding }) => allows(binding, { call: `${server}/x`, project }))),
    );
  const isHome = rights.project === undefined || rights.project.name === project;
  const some = isHome && (project === "a" ? ["a"] : ["a", "b"]).some(reaches);
  if ((admission !== undefined) !== (whole || some)) return `the door of ${project}`;
  for (const server of project === "a" ? ["a"] : ["a", "b"])
    for (const tool of ["x", "xy", undefined]) {
      const call = `${server}/${tool ?? "*"}`;
      const plain = mayCallPlainly(rights, call, project);
      const offered = admission?.servers.some(({ name }) => name === server) === true;
      const listed = offered && (admission?.mayCall?.(server, tool) ?? true);
      if (decideCall(rights, call, project).allowed !== plain || listed !== plain) return `${call} in ${project}`;
    }
  return undefined;
}

holds(
  "P9 P11 lists, reads, writes, can-i and the gateway's door decide alike, for a login and for a token",
  fc.asyncProperty(story(2), async ([start, steps]) =>
    tell(function* () {
      const dice = diceOf(start);
      yield* deal(dice);
      const plot = newPlot([]);
      const person = dice.pick(ids.people);
      for (const number of steps) yield* step(plot, diceOf(number), yield* rightsFor({ principal: person }), minting);
      const token = plot.tokens.at(-1)?.bearer;
      const bearer = token ?? (yield* openSession(hashKeys, person, "story", clock.at, null)).token;
      const rights = yield* rightsFor({ bearer });
      if (rights === undefined) return undefined;
      return (
        (yield* storeDisagrees(rights, dice.pick(kinds), dice)) ??
        (yield* doorDisagrees(rights, bearer, dice.pick(["a", "b"])))
      );
    }),
  ),
);
