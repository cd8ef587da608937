import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Attempt, decide, escalation, type Layer, type ResourceVerb } from "../../src/rbac/evaluate.ts";
import { indexGrants } from "../../src/rbac/grant-index.ts";
import { meet } from "../../src/rbac/permissions.ts";
import { type Binding, roles } from "../../src/resources/rbac.ts";

const grant = (...bindings: Binding[]): Layer[] => [
  { who: "somebody", held: [{ grants: indexGrants(bindings, "test") }] },
];
const may = (bindings: Binding[], attempt: Attempt) => decide(grant(...bindings), attempt).allowed;

test("edit holds view, create, update and delete, and not run", () => {
  const verbs: ResourceVerb[] = ["view", "create", "update", "delete", "run"];
  const held = verbs.filter((verb) =>
    may([{ role: "edit", resource: "servers" }], { verb, resource: "servers", name: "a" }),
  );
  expect(held).toEqual(["view", "create", "update", "delete"]);
});

test("a name narrows, and a binding for one name is none for all", () => {
  const named: Binding[] = [{ role: "view", resource: "servers", name: "a" }];
  expect(may(named, { verb: "view", resource: "servers", name: "a" })).toBe(true);
  expect(may(named, { verb: "view", resource: "servers", name: "b" })).toBe(false);
  expect(may(named, { verb: "view", resource: "servers" })).toBe(false);
});

test("every resource is no operation, and every operation no resource", () => {
  expect(may([{ role: "run", resource: "*" }], { action: "logs" })).toBe(false);
  expect(may([{ role: "run", action: "*" }], { action: "logs" })).toBe(true);
  expect(may([{ role: "run", action: "*" }], { verb: "run", resource: "projects" })).toBe(false);
});

test("a refusal says what is missing, a consent says what gave it", () => {
  expect(decide(grant(), { verb: "update", resource: "servers", name: "a" })).toEqual({
    allowed: false,
    missing: "role:edit,resource:servers,name:a",
    who: "somebody",
  });
  expect(decide([], { action: "logs" })).toEqual({ allowed: false, missing: "action:logs", who: "nobody" });
  expect(decide(grant({ role: "view", resource: "*" }), { verb: "view", resource: "secrets" })).toEqual({
    allowed: true,
    by: [{ binding: { role: "view", resource: "*" }, from: "test", who: "somebody", via: undefined }],
  });
});

test("dimensions are never joined: view of one and delete of another is not delete of the first", () => {
  const held = grant({ role: "view", resource: "servers" }, { role: "delete", resource: "projects" });
  expect(escalation(held, [{ role: "delete", resource: "servers" }])).toEqual([
    { verb: "delete", resource: "servers" },
  ]);
});

const resource = fc.constantFrom("servers", "projects", "*");
const name = fc.option(fc.constantFrom("a", "b"), { nil: undefined });
const binding: fc.Arbitrary<Binding> = fc.oneof(
  fc
    .record({ role: fc.constantFrom(...roles), resource, name })
    .map(({ name: n, ...rest }) => (n === undefined ? rest : { ...rest, name: n })),
  fc.record({ role: fc.constant("run" as const), action: fc.constantFrom("logs", "backup", "*") }),
);
/** A finite universe with witnesses that no binding mentions, so that "any" is told from "these". */
const universe: Attempt[] = [
  ...(["view", "create", "update", "delete", "run"] as const).flatMap((verb) =>
    ["servers", "projects", "unheard-of"].flatMap((r) =>
      ["a", "b", "unheard-of"].map((n) => ({ verb, resource: r, name: n })),
    ),
  ),
  ...["logs", "backup", "unheard-of"].map((action) => ({ action })),
];

test("what escapes escalation allows nothing that its giver may not (covers is sound)", () => {
  fc.assert(
    fc.property(fc.array(binding, { maxLength: 5 }), fc.array(binding, { maxLength: 4 }), (held, given) => {
      fc.pre(escalation(grant(...held), given).length === 0);
      for (const attempt of universe) if (may(given, attempt)) expect(may(held, attempt)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test("rights are additive: a binding more never takes one away, and order does not matter", () => {
  fc.assert(
    fc.property(fc.array(binding, { maxLength: 5 }), binding, (held, more) => {
      for (const attempt of universe) {
        if (may(held, attempt)) expect(may([more, ...held], attempt)).toBe(true);
        expect(may([...held].reverse(), attempt)).toBe(may(held, attempt));
      }
    }),
  );
});

test("what two layers both give is written as bindings that may be given: one name of every resource is no pattern of tools", () => {
  expect(meet({ role: "run", resource: "*", name: "demo" }, { role: "run", resource: "tools" })).toEqual([]);
  expect(meet({ role: "run", resource: "*" }, { role: "run", resource: "tools", name: "files/*" })).toEqual([
    { role: "run", resource: "tools", name: "files/*" },
  ]);
});
