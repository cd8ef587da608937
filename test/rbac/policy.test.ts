import { expect, test } from "bun:test";
import { indexGrants } from "../../src/rbac/grant-index.ts";
import { policyOf } from "../../src/rbac/policy.ts";
import type { Rights } from "../../src/rbac/rights.ts";
import type { Binding } from "../../src/resources/rbac.ts";

/** What is remembered for one policy is shown to whoever has the same: only to those who may use the same. */
const rights = (bindings: Binding[], tools: string[] | null = null, project = "demo") =>
  ({
    layers: [{ who: "User:x", held: [{ grants: indexGrants(bindings, "x") }] }],
    filters: [{ tools, readOnly: false }],
    project: { name: project },
  }) as unknown as Rights;
const run = (resource: string, name?: string): Binding => ({ role: "run", resource, ...(name && { name }) }) as Binding;

test("equal rights are one policy, whoever has them and whatever else they may do", () => {
  const plain = policyOf(rights([run("tools", "a/*")]));
  expect(policyOf(rights([run("tools", "a/*")]))).toBe(plain);
  expect(policyOf(rights([run("tools", "a/*"), { role: "view", resource: "servers" }]))).toBe(plain);
});

test("whatever decides about a tool makes another one", () => {
  const all = [
    rights([run("tools", "a/*")]),
    rights([run("tools", "a/b")]),
    rights([run("tools")]),
    rights([run("projects")]),
    rights([run("projects", "demo")]),
    rights([]),
    rights([run("tools", "a/*")], ["a/b"]),
    rights([run("tools", "a/*")], []),
    rights([run("tools", "a/*")], ["a/b"], "other"),
    { ...rights([run("tools", "a/*")]), layers: [...rights([run("tools", "a/*")]).layers, ...rights([]).layers] },
  ].map(policyOf);
  expect(new Set(all).size).toBe(all.length);
});
