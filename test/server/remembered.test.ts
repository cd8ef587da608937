import { Database as Sqlite } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Problem } from "../../src/lib/problem.ts";
import type { Endpoint } from "../../src/mcp/endpoint.ts";
import type { Admission } from "../../src/mcp/visit.ts";
import { admission } from "../../src/server/admit.ts";
import type { Database } from "../../src/storage/op.ts";
import { visitorOf } from "../visitor.ts";
import { type World, world } from "../world.ts";

/*
 * What is remembered of who was let in is what would be read now, whatever was written meanwhile and by whom. Everybody is asked twice after each
 * move, so that what the first asking remembered is what the next move has to make untrue.
 */
const folder = mkdtempSync(join(tmpdir(), "mcpctl-remembered-"));
const file = join(folder, "mcpctl.db");
let w: World;
let other: Sqlite;
let reads = 0;
/** With memory, and without: the second has no revision to go by. */
let asked: Record<"remembered" | "read", ReturnType<typeof admission>>;
const bearers: string[] = [];
const tokens: string[] = [];
const people = ["ann@example.com", "bob@example.com"];

beforeAll(async () => {
  w = await world({ database: `sqlite:${file}` });
  for (const name of ["a", "b"]) await w.must("POST", "/api/v1/servers", { name, url: "http://127.0.0.1:1/mcp" });
  await w.must("POST", "/api/v1/projects", { name: "one", servers: ["a"] });
  await w.must("POST", "/api/v1/projects", { name: "two", servers: ["a", "b"] });
  await w.must("POST", "/api/v1/groups", { name: "team", members: [] });
  await w.must("POST", "/api/v1/rbac", {
    name: "team",
    subjects: [{ kind: "Group", name: "team" }],
    roleBindings: [{ role: "run", resource: "tools", name: "a/*" }],
  });
  bearers.push(w.admin);
  for (const name of ["ann", "bob"])
    bearers.push(
      await w.userWith(name, [
        { role: "run", resource: "projects" },
        { role: "create", resource: "mcptokens" },
      ]),
    );
  for (const [n, project] of ["one", "two", "two"].entries()) await mint(`t${n}`, project);
  other = new Sqlite(file);
  other.run("PRAGMA busy_timeout = 5000");
  const { db, hashKeys, clock } = w.rooms;
  const read: Database["read"] = (operation) => {
    reads++;
    return db.read(operation);
  };
  const of = (database: Partial<Database>) => admission(database as Database, hashKeys, clock, () => {});
  asked = { remembered: of({ ...db, read }), read: of({ read: db.read }) };
});
afterAll(async () => {
  other.close();
  await w.close();
  rmSync(folder, { recursive: true, force: true });
});

async function mint(name: string, project: string, more: object = {}, by = w.admin): Promise<void> {
  const { json, status } = await w.api("POST", "/api/v1/mcptokens", { name, project, ...more }, by);
  if (status >= 300) return;
  bearers.push(json.token);
  tokens.push(json.id);
}

const endpoints: Endpoint[] = [
  { project: undefined, transport: "streamable" },
  { project: "one", transport: "streamable" },
  { project: "two", transport: "streamable" },
  { project: "two", server: "b", transport: "streamable" },
];

/** All that an admission says, or why there is none. */
async function saidBy(ask: ReturnType<typeof admission>, bearer: string, endpoint: Endpoint): Promise<unknown> {
  try {
    const { mayCall, reaches, policy, ...rest }: Admission = await ask(
      visitorOf(new Request("http://127.0.0.1/"), endpoint),
      bearer,
    );
    const calls = ["a", "b"].flatMap((server) => ["x", undefined].map((tool) => mayCall?.(server, tool)));
    return { ...rest, calls, policy: policy?.(), reaches: ["a", "b"].map((server) => reaches?.(server)) };
  } catch (error) {
    if (error instanceof Problem) return error.toJSON();
    throw error;
  }
}

type Move = (n: number) => unknown;
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
const put = async (path: string, change: (item: Record<string, unknown>) => object) => {
  const { json } = await w.api("GET", path);
  const { id: _, createdAt: __, updatedAt: ___, status: ____, ...rest } = json;
  return await w.api("PUT", path, { ...rest, ...change(json) });
};
const moves: Record<string, Move> = {
  mint: (n) => mint(`m${tokens.length}`, pick(["one", "two"], n), n % 3 === 0 ? { ttl: "1h" } : {}, pick(bearers, n)),
  narrow: (n) => mint(`n${tokens.length}`, "two", { tools: ["a/x"], readOnly: n % 2 === 0 }),
  revoke: (n) => w.api("POST", `/api/v1/mcptokens/${pick(tokens, n)}/revoke`),
  rotate: async (n) => {
    const { json, status } = await w.api("POST", `/api/v1/mcptokens/${pick(tokens, n)}/rotate`, {});
    if (status < 300 && json.token !== undefined) bearers.push(json.token);
  },
  forget: (n) => w.api("DELETE", `/api/v1/mcptokens/${pick(tokens, n)}`),
  disable: (n) => put(`/api/v1/users/${pick(people, n)}`, () => ({ disabled: n % 2 === 0 })),
  role: (n) =>
    put("/api/v1/rbac/of-ann", () => ({
      roleBindings: pick(
        [[], [{ role: "run", resource: "projects" }], [{ role: "run", resource: "tools", name: "b/x" }]],
        n,
      ),
    })),
  group: (n) => put("/api/v1/groups/team", () => ({ members: people.slice(0, n % 3) })),
  project: (n) =>
    put(`/api/v1/projects/${pick(["one", "two"], n)}`, () => ({ servers: pick([["a"], ["b"], ["a", "b"]], n) })),
  server: (n) => put("/api/v1/servers/a", () => ({ url: `http://127.0.0.1:${1 + (n % 9)}/mcp` })),
  later: (n) => w.advance((n % 90) * 60_000),
  "revoked by another process": (n) => other.run("UPDATE tokens SET revoked_at = 1 WHERE id = ?", [pick(tokens, n)]),
  "disabled by another process": (n) =>
    other.run(`UPDATE resources SET fields = ? WHERE kind = 'user' AND name = ?`, [
      JSON.stringify(n % 2 === 0 ? { disabled: true } : {}),
      pick(people, n),
    ]),
  "logged out by another process": (n) =>
    n % 4 === 0 &&
    other.run(
      "DELETE FROM sessions WHERE label = 'test' AND id <> (SELECT min(id) FROM sessions WHERE label = 'test')",
    ),
};
const names = Object.keys(moves);
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("what is remembered is what would be read, after every move of anybody", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(10_000)), { maxLength: 12 }),
      async (story) => {
        for (const [name, n] of story) {
          await moves[name]?.(n);
          // What another process committed is felt from the next turn on.
          if (name.endsWith("another process")) await nextTurn();
          for (const bearer of bearers.slice(-12))
            for (const endpoint of endpoints) {
              const remembered = [
                await saidBy(asked.remembered, bearer, endpoint),
                await saidBy(asked.remembered, bearer, endpoint),
              ];
              const now = await saidBy(asked.read, bearer, endpoint);
              expect({ name, n, said: remembered }).toEqual({ name, n, said: [now, now] });
            }
        }
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
}, 60_000);

test("nobody is read twice while nothing was written, nor for what tells nothing of rights", async () => {
  const ask = () => saidBy(asked.remembered, w.admin, endpoints[1] as Endpoint);
  const first = await ask();
  reads = 0;
  w.rooms.audit.note({ at: w.rooms.clock.now(), kind: "notice", outcome: "ok", actor: { subject: "" }, action: "x" });
  await w.rooms.audit.flush();
  expect(await ask()).toEqual(first);
  expect(reads).toBe(0);
  await w.must("PUT", "/api/v1/servers/b", { name: "b", url: "http://127.0.0.1:77/mcp" });
  await ask();
  expect(reads).toBe(1);
});
