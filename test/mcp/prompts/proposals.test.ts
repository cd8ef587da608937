import { expect, test } from "bun:test";
import fc from "fast-check";
import { namePattern } from "../../../src/lib/id.ts";
import { freeName, slugOf } from "../../../src/mcp/prompts/proposals.ts";
import type { Change } from "../../../src/rbac/record.ts";
import { listResources } from "../../../src/storage/resources.ts";
import { shelfWorld } from "./shelf-world.ts";

const by = (user: string) => ({ subject: `McpToken:${user}`, user, tokenName: "t" });
const proposal = (name: string, content = "Deploy from main.") => ({ name, content, priority: 5, reason: undefined });

async function proposalWorld() {
  const changes: Change[] = [];
  const w = await shelfWorld({
    *record(_, change) {
      changes.push(change);
    },
  });
  await w.put("project", "demo", { servers: [] });
  await w.changed("project");
  return { ...w, changes, requests: () => w.db.read(() => listResources("promptrequest")) };
}

test("a proposal waits for a person under a name of its own, and is recorded", async () => {
  using w = await proposalWorld();
  await w.put("prompt", "deploy-notes", { project: "demo", priority: 5, content: "x" });
  expect(await w.shelf.propose("demo", by("ann"), proposal("Deploy  Nötes!"))).toBe("deploy-notes-2");
  expect(await w.shelf.propose("demo", by("bob"), proposal("deploy-notes"))).toBe("deploy-notes-3");
  expect((await w.requests())[0]).toMatchObject({
    name: "deploy-notes-2",
    fields: { project: "demo", content: "Deploy from main.", priority: 5, proposedBy: "McpToken:ann" },
  });
  expect(w.changes[0]).toMatchObject({ action: "create", after: { name: "deploy-notes-2", project: "demo" } });
  expect(w.shelf.of("demo")).toEqual([]);
});

test("what no prompt may be is refused, and nothing of it is kept", async () => {
  using w = await proposalWorld();
  const bad = [proposal("a", ""), proposal("a", "x".repeat(256 * 1024 + 1)), { ...proposal("a"), priority: 10 }];
  for (const one of bad) expect(w.shelf.propose("demo", by("ann"), one)).rejects.toMatchObject({ code: "invalid" });
  expect(w.shelf.propose("nowhere", by("ann"), proposal("a"))).rejects.toMatchObject({ code: "not_found" });
  expect(await w.requests()).toEqual([]);
});

test("one caller proposes twenty an hour with however many tokens, and a project holds a hundred", async () => {
  using w = await proposalWorld();
  const many = await Promise.allSettled(
    Array.from({ length: 25 }, (_, i) =>
      w.shelf.propose("demo", { ...by("ann"), subject: `McpToken:${i}` }, proposal("n")),
    ),
  );
  expect(many.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect(w.shelf.propose("demo", by("ann"), proposal("n"))).rejects.toMatchObject({ code: "conflict" });
  w.advance(60 * 60_000);
  await w.shelf.propose("demo", by("ann"), proposal("n"));
  for (let i = 0; i < 79; i++) await w.shelf.propose("demo", by(`u${i}`), proposal("n"));
  expect(w.shelf.propose("demo", by("zoe"), proposal("n"))).rejects.toThrow(/100 promptrequests wait/);
  expect(await w.requests()).toHaveLength(100);
});

test("any words make a name that nobody has", () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 90 }), fc.constantFrom("a", "A!", "x".repeat(80), "", "---")),
      (words) => {
        const name = freeName(slugOf(words), taken);
        expect(name).toMatch(new RegExp(namePattern));
        expect(taken.has(name)).toBe(false);
        taken.add(name);
      },
    ),
  );
  expect(slugOf("0199a3c4-1b2d-7e3f-8a4b-5c6d7e8f9a0b")).toBe("proposal-0199a3c4-1b2d-7e3f-8a4b-5c6d7e8f9a0b");
});
