// What a decision costs among 10, 1,000 and 100,000 definitions of rights and as many tokens: `bun bench/rbac.ts [--samples 3000]`.
// Authenticate, read the rights, decide: what each request to the gateway or the control API does first. Databases are files on disk; the
// sizes are asked in turn within one run, since machines are noisy.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { callerOf } from "../src/auth/authenticate.ts";
import { bearerHash, mintBearer, shownPrefix } from "../src/auth/bearer.ts";
import { openSession } from "../src/auth/session.ts";
import { decide } from "../src/rbac/evaluate.ts";
import { judge } from "../src/rbac/judge.ts";
import { rightsOf } from "../src/rbac/rights.ts";
import type { Binding } from "../src/resources/rbac.ts";
import { Server } from "../src/resources/server.ts";
import type { Database, Op } from "../src/storage/op.ts";
import { openDatabase } from "../src/storage/open.ts";
import { insertResource } from "../src/storage/resources.ts";
import { type Subject, setMembers, setSubjects } from "../src/storage/subjects.ts";
import { insertToken } from "../src/storage/tokens.ts";

const { values } = parseArgs({ options: { samples: { type: "string", default: "3000" } } });
const samples = Number(values.samples);
const sizes = [10, 1_000, 100_000];
const target = { p50us: 100, ratio: 1.3 } as const;
const hashKey = Buffer.alloc(32, 7);
const now = Date.now();
const folder = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));

/** Ids that sort by time, as ours do; made here because a hundred thousand of them need no clock. */
let made = 0;
const nextId = () => `0199aaaa-0000-7000-8000-${(++made).toString(16).padStart(12, "0")}`;

function* resource(kind: string, name: string, fields: Record<string, unknown>): Op<string> {
  const id = nextId();
  yield* insertResource({ id, kind, name, version: 1, fields, createdAt: now, updatedAt: now });
  return id;
}
function* definition(name: string, subjects: readonly Subject[], roleBindings: readonly Binding[]): Op<void> {
  yield* setSubjects(yield* resource("rbac", name, { subjects: [], roleBindings }), subjects);
}
function* token(name: string, projectId: string, ownerId: string, parentId: string | null): Op<Minted> {
  const [id, bearer] = [nextId(), mintBearer("token")];
  const fresh = {
    description: null,
    tools: null,
    readOnly: false,
    successorId: null,
    revokedAt: null,
    lastUsedAt: null,
  };
  const hashed = {
    id,
    hash: bearerHash(hashKey, bearer),
    prefix: shownPrefix(bearer),
    createdAt: now,
    expiresAt: null,
  };
  yield* insertToken({ ...fresh, ...hashed, name, projectId, ownerId, parentId });
  return { id, bearer };
}
type Minted = { id: string; bearer: string };

const few: Binding[] = [
  { role: "view", resource: "servers" },
  { role: "run", resource: "projects", name: "demo" },
  { role: "run", action: "logs" },
];
const many = Array.from(
  { length: 1_000 },
  (_, n): Binding => ({ role: "view", resource: "servers", name: `other-${n}` }),
);

/** A database with this many definitions and tokens of others, and one bearer for each sort of caller. */
async function fill(size: number): Promise<{ db: Database; callers: Record<string, string> }> {
  const db = openDatabase(`sqlite:${join(folder, `${size}.db`)}`);
  const callers = await db.write(function* () {
    const project = yield* resource("project", "demo", { servers: ["files"] });
    for (let n = 0; n < size; n++) {
      const user = yield* resource("user", `u${n}@example.com`, {});
      yield* definition(`d${n}`, [`User:${user}`], few);
      yield* token(`t${n}`, project, user, null);
    }
    const person = function* (name: string): Op<{ id: string; bearer: string }> {
      const id = yield* resource("user", `${name}@example.com`, {});
      return { id, bearer: (yield* openSession([hashKey], id, "bench", now, null)).token };
    };
    const plain = yield* person("plain");
    yield* definition("plain", [`User:${plain.id}`], few);
    const grouped = yield* person("grouped");
    for (let n = 0; n < 10; n++) {
      const group = yield* resource("group", `g${n}`, { members: [] });
      yield* setMembers(group, [grouped.id]);
      yield* definition(`g${n}`, [`Group:${group}`], few);
    }
    const rich = yield* person("rich");
    yield* definition("rich", [`User:${rich.id}`], [...many, ...few]);
    const first = yield* token("first", project, plain.id, null);
    const second = yield* token("second", project, plain.id, first.id);
    const third = yield* token("third", project, plain.id, second.id);
    for (const { id } of [first, second, third]) yield* definition(`mcptoken-${id}`, [`McpToken:${id}`], few);
    return {
      "user, few bindings": plain.bearer,
      "user in 10 groups": grouped.bearer,
      "user, 1,000 bindings": rich.bearer,
      token: first.bearer,
      "token with 2 minters": third.bearer,
    };
  });
  return { db, callers };
}

/** As the gateway's door does, and as a route of the control API does. */
const questions: Record<string, (bearer: string) => Op<boolean>> = {
  *"enter a project"(bearer) {
    const rights = yield* rightsOf(yield* callerOf([hashKey], bearer, now));
    return decide(rights.layers, { verb: "run", resource: "projects", name: "demo" }).allowed;
  },
  *"view a server"(bearer) {
    const rights = yield* rightsOf(yield* callerOf([hashKey], bearer, now));
    return judge(rights, "view", Server, "files", { name: "files" }).allowed;
  },
};

const quantile = (sorted: Float64Array, q: number) => sorted[Math.floor(sorted.length * q)] ?? Number.NaN;
const row = (...cells: string[]) =>
  process.stdout.write(`${cells.map((cell, n) => (n < 2 ? cell.padEnd(22) : cell.padStart(11))).join("")}\n`);

async function measure(databases: readonly Awaited<ReturnType<typeof fill>>[], question: string, caller: string) {
  const ask = questions[question];
  if (ask === undefined) throw new Error(`there is no question ${question}`);
  const times = databases.map(() => new Float64Array(samples));
  for (let n = -samples; n < samples; n++) {
    for (const [index, { db, callers }] of databases.entries()) {
      const bearer = callers[caller] ?? "";
      const start = Bun.nanoseconds();
      const allowed = await db.read(() => ask(bearer));
      const took = (Bun.nanoseconds() - start) / 1_000;
      if (!allowed) throw new Error(`${caller} may not ${question}`);
      // The first half warms up.
      if (n >= 0 && times[index] !== undefined) times[index][n] = took;
    }
  }
  return times.map((list) => list.sort());
}

try {
  const databases: Awaited<ReturnType<typeof fill>>[] = [];
  for (const size of sizes) databases.push(await fill(size));
  row("caller", "decision", "bindings", "p50 us", "p95 us", "p50 ratio");
  let missed = 0;
  for (const caller of Object.keys(databases[0]?.callers ?? {})) {
    for (const question of Object.keys(questions)) {
      const measured = await measure(databases, question, caller);
      const floor = quantile(measured[0] ?? new Float64Array(), 0.5);
      for (const [index, sorted] of measured.entries()) {
        const [p50, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
        const isOver = p50 > target.p50us || p50 / floor > target.ratio;
        if (isOver) missed++;
        const figures = [p50.toFixed(1), p95.toFixed(1), `${(p50 / floor).toFixed(2)} x${isOver ? " !" : ""}`];
        row(caller, question, (sizes[index] ?? 0).toLocaleString("en"), ...figures);
      }
    }
  }
  const aim = `p50 <= ${target.p50us} us and <= ${target.ratio} x that among ${sizes[0]}`;
  process.stdout.write(`target ${aim}: ${missed === 0 ? "met by all" : `missed by ${missed}`}\n`);
  for (const { db } of databases) db.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
