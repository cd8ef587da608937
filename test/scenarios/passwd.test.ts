import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Account } from "../../src/auth/attempts.ts";
import { ownPassword } from "../../src/auth/own-password.ts";
import type { Problem } from "../../src/lib/problem.ts";
import { setPassword } from "../../src/storage/identity.ts";
import { findResource } from "../../src/storage/resources.ts";
import { type World, world } from "../world.ts";

// Real argon2: a quarter of a second each, and seconds where the machine is busy with other tests.
setDefaultTimeout(30_000);

let w: World;
beforeAll(async () => {
  w = await world();
  w.stopClock();
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: [] });
});
afterAll(() => w.close());

const first = "correct horse";
const second = "battery staple";
let count = 0;
/** A user with a password and two logins. */
const person = async () => {
  const name = `p${++count}@example.com`;
  await w.must("POST", "/api/v1/users", { name, password: first });
  return { name, session: await w.loginAs(name), other: await w.loginAs(name) };
};
const change = (session: string, body: unknown) => w.api("POST", "/api/v1/auth/password", body, session);
const login = async (email: string, password: string) =>
  (await w.api("POST", "/api/v1/auth/login", { email, password }, "")).status;
const lives = async (session: string) => (await w.api("GET", "/api/v1/auth/whoami", undefined, session)).status === 200;

test("the new one opens, the old one does not, every login but this one has ended", async () => {
  const { name, session, other } = await person();
  expect((await change(session, { current: first, next: second })).status).toBe(200);
  expect([await lives(session), await lives(other), await lives(w.admin)]).toEqual([true, false, true]);
  expect([await login(name, first), await login(name, second)]).toEqual([401, 200]);
});

test("a wrong current password changes nothing, and counts as a failed login", async () => {
  const { name, session, other } = await person();
  const { status, json } = await change(session, { current: "guess", next: second });
  expect([status, json.fields]).toEqual([422, [{ path: "/current", message: "is not your password" }]]);
  await Promise.all(Array.from({ length: 4 }, () => change(session, { current: "guess", next: second })));
  const refused = await change(session, { current: first, next: second });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await login(name, first)).toBe(429);
  w.advance(1000);
  expect([await login(name, first), await lives(other)]).toEqual([200, true]);
});

test("what is too short, too long, the same, or of another shape is told without being repeated", async () => {
  const { session } = await person();
  for (const [next, message] of [
    ["sh0rt", "is 8 to 256 characters"],
    ["l".repeat(257), "is 8 to 256 characters"],
    [first, "is the password you have already"],
  ] as const) {
    const { status, json, text } = await change(session, { current: first, next });
    expect([status, json.fields, text.includes(next)]).toEqual([422, [{ path: "/next", message }], false]);
  }
  for (const body of [{}, [], { current: first, next: second, also: 1 }])
    expect((await change(session, body)).json.detail).toBe("The body is {current, next}");
});

test("a token has no password, a stranger nobody's, and a disabled user may not change theirs", async () => {
  const { name, session } = await person();
  await w.must("PUT", `/api/v1/users/${encodeURIComponent(name)}`, { name, disabled: true });
  expect((await change(session, { current: first, next: second })).status).toBe(401);
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  expect((await change(token, { current: first, next: second })).status).toBe(403);
  expect((await change("", { current: first, next: second })).status).toBe(401);
});

test("a service account has no password to change", async () => {
  await w.must("POST", "/api/v1/serviceaccounts", { name: "ci" });
  const { token } = await w.must("POST", "/api/v1/serviceaccounts/ci/sessions", {});
  const { status, json } = await change(token, { current: first, next: second });
  expect([status, json.detail]).toEqual([403, "A service account has no password"]);
});

test("a password that an administrator sets meanwhile stays", async () => {
  const { name, session } = await person();
  const { db, clock, record } = w.rooms;
  const user = await db.read(() => findResource("user", name));
  const attempts = {
    judge: async (_: unknown, find: () => Promise<Account | undefined>) => {
      const found = await find();
      await db.write(() => setPassword(user?.id ?? "", "$argon2id$set-by-an-administrator", clock.now()));
      return found;
    },
  };
  const sneak = ownPassword({ db, clock, attempts, record })({
    userId: user?.id ?? "",
    sessionId: session,
    current: first,
    next: second,
    address: undefined,
  });
  expect(await sneak.catch((error: Problem) => error.code)).toBe("conflict");
});

test("on the command line it is asked for, twice, or read from two lines", async () => {
  const { name, session } = await person();
  const passwd = (input: object, ...words: string[]) =>
    w.cli(["passwd", ...words], { variables: { MCPCTL_TOKEN: session }, ...input });
  expect(await passwd({ answers: [first, second, "other"] })).toMatchObject({
    code: 2,
    err: expect.stringContaining("typed in two ways"),
  });
  expect((await passwd({})).err).toContain("there is no terminal to ask on");
  expect((await passwd({ stdin: `${first}\n` }, "--password-stdin")).err).toContain("two lines are read");
  expect((await passwd({ stdin: `guess\n${second}\n` }, "--password-stdin")).err).toContain(
    "/current: is not your password",
  );
  expect(await passwd({ answers: [first, second, second] })).toMatchObject({
    code: 0,
    out: "Password changed. Every other login of yours has ended.",
  });
  expect((await passwd({ stdin: `${second}\r\n${first}\r\n` }, "--password-stdin")).code).toBe(0);
  expect(await login(name, first)).toBe(200);
});
