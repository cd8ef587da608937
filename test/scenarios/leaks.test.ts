import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { mintBearer } from "../../src/auth/bearer.ts";
import { createLeaks } from "../../src/auth/leaks.ts";
import type { Database } from "../../src/storage/op.ts";
import { type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: [] });
});
afterAll(() => w.close());
beforeEach(() => w.advance(60_000));

const mint = async (name: string, ttl = "1d"): Promise<string> =>
  (await w.must("POST", "/api/v1/mcptokens", { name, project: "demo", ttl })).token;
const report = (token: unknown) => w.api("POST", "/api/v1/mcptokens/revoke-leaked", { token }, "");
const works = async (token: string) => (await w.rpc(token, "ping")).status === 200;

test("whatever is presented gets the same answer; an active token ends, a login does not", async () => {
  const [active, revoked, expired] = [await mint("active"), await mint("revoked"), await mint("expired", "1m")];
  await w.must("POST", "/api/v1/mcptokens/revoked/revoke?project=demo");
  w.advance(60_000);
  expect(await works(active)).toBe(true);
  const presented = [active, active, revoked, expired, mintBearer("token"), w.admin, "", "x", `${active}x`];
  const answers: string[] = [];
  for (const token of presented) {
    const { status, text, headers } = await report(token);
    answers.push(`${status} ${text} ${[...headers.keys()].sort().join()}`);
  }
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toStartWith("202 ");
  expect(await works(active)).toBe(false);
  expect((await w.api("GET", "/api/v1/mcptokens/active?project=demo")).json).toMatchObject({ state: "revoked" });
  expect((await w.api("GET", "/api/v1/auth/whoami")).status).toBe(200);
  const told = w.logs.filter((line) => line.includes("reported as leaked"));
  expect(told).toEqual([
    expect.stringContaining('"name":"active","project":"demo","owner":"admin@localhost"'),
    expect.stringContaining('"name":"expired"'),
  ]);
});

test("with the token end the tokens that it minted, and the rights that were its own", async () => {
  const roleBindings = [
    { role: "create", resource: "mcptokens" },
    { role: "view", resource: "projects" },
    { role: "run", resource: "projects", name: "demo" },
  ];
  const minter = await w.must("POST", "/api/v1/mcptokens", { name: "minter", project: "demo", roleBindings });
  const child = await w.api("POST", "/api/v1/mcptokens", { name: "child", project: "demo" }, minter.token);
  expect([child.status, await works(child.json.token)]).toEqual([201, true]);
  const definitions = async () => (await w.must("GET", "/api/v1/rbac")).items.map(({ name }: { name: string }) => name);
  expect(await definitions()).toContain(`mcptoken-${minter.id}`);
  await report(minter.token);
  expect([await works(minter.token), await works(child.json.token)]).toEqual([false, false]);
  expect(await definitions()).not.toContain(`mcptoken-${minter.id}`);
});

test("a body of another shape is no report, and is not repeated", async () => {
  for (const body of [{}, { token: 1 }, { token: "x", also: "s3cret" }, [], "s3cret"]) {
    const { status, text } = await w.api("POST", "/api/v1/mcptokens/revoke-leaked", body, "");
    expect([status, text.includes("s3cret")]).toEqual([422, false]);
  }
});

test("ten a minute from one network, with the seconds to wait; others still get through", async () => {
  const token = await mint("flood");
  w.comeFrom("2001:db8::1");
  for (let i = 0; i < 10; i++) expect((await report("x")).status).toBe(202);
  w.comeFrom("2001:db8::2");
  const refused = await report(token);
  expect([refused.status, refused.headers.get("retry-after"), refused.json.detail]).toEqual([
    429,
    "6",
    "Too many reports; try again in 6 s",
  ]);
  expect(await works(token)).toBe(true);
  w.comeFrom("192.0.2.1");
  expect((await report(token)).status).toBe(202);
  expect(await works(token)).toBe(false);
  w.comeFrom(undefined);
});

test("a hundred a minute altogether, and what is malformed never reaches the database", async () => {
  let touched = 0;
  const count = async () => {
    touched++;
    return undefined as never;
  };
  const db = { read: count, write: count } as unknown as Database;
  const { report: reportTo } = createLeaks({
    db,
    hashKeys: [Buffer.alloc(32)],
    clock: { now: () => 0 },
    log: w.rooms.log,
    record: w.rooms.record,
  });
  const outcomes = [];
  for (let i = 0; i < 101; i++)
    outcomes.push(
      await reportTo(i % 2 === 0 ? "mcpctl_pat_x" : mintBearer("session"), `10.0.0.${i}`).then(() => "ok", String),
    );
  expect([outcomes.filter((outcome) => outcome === "ok").length, outcomes.at(-1)]).toEqual([
    100,
    "Problem: Too many reports; try again in 1 s",
  ]);
  expect(touched).toBe(0);
});

test("on the command line it is asked for or read, never an argument", async () => {
  const [piped, typed] = [await mint("piped"), await mint("typed")];
  const words = ["token", "revoke-leaked"];
  const said = await w.cli(words, { stdin: `${piped}\n` });
  expect([said.code, said.out]).toEqual([
    0,
    expect.stringContaining("Reported to http://127.0.0.1:3200: if it was an active token there, it is revoked now."),
  ]);
  expect((await w.cli(words, { answers: [typed] })).code).toBe(0);
  expect([await works(piped), await works(typed)]).toEqual([false, false]);
  expect((await w.cli(words)).err).toContain("no token was given");
  for (const given of [["found-it"], ["--token", "found-it"]]) {
    const { code, err } = await w.cli([...words, ...given], { stdin: "x" });
    expect([code, err.includes("found-it"), err.includes("not given on the command line")]).toEqual([2, false, true]);
  }
});
