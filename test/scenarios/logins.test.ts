import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Account } from "../../src/auth/attempts.ts";
import { createLogins } from "../../src/auth/session.ts";
import { createApp } from "../../src/server/app.ts";
import { listen } from "../../src/server/listen.ts";
import { listSessions, setPassword } from "../../src/storage/identity.ts";
import { alike, type World, world } from "../world.ts";

// Real argon2: a quarter of a second each, and seconds where the machine is busy with other tests.
setDefaultTimeout(30_000);

let w: World;
beforeAll(async () => {
  w = await world();
  w.stopClock();
});
afterAll(() => w.close());

const login = (email: string, password: string) => w.api("POST", "/api/v1/auth/login", { email, password }, "");

test("a pause reads the same whether the account exists or not, and says when to come back", async () => {
  const { id } = await w.must("POST", "/api/v1/users", { name: "ann@example.com", password: "correct horse" });
  const refused: string[] = [];
  for (const email of ["ann@example.com", "nobody@example.com"]) {
    await Promise.all(Array.from({ length: 8 }, () => login(email, "wrong")));
    const { status, text, headers } = await login(email.toUpperCase(), "correct horse");
    expect([status, headers.get("retry-after")]).toEqual([429, "1"]);
    refused.push(alike(text));
  }
  expect(new Set(refused).size).toBe(1);
  expect(JSON.parse(refused[0] ?? "")).toMatchObject({ detail: "Too many failed logins; try again in 1 s" });
  // An id is no second name for the account.
  w.advance(60_000);
  expect((await login(id, "correct horse")).status).toBe(401);
  expect((await login("ann@example.com", "correct horse")).status).toBe(200);
});

test("a password that is changed while it is checked opens nothing: who had the old one is out", async () => {
  const { id } = await w.must("POST", "/api/v1/users", { name: "eve@example.com", password: "correct horse" });
  const { db, hashKeys, clock } = w.rooms;
  const sessions = () =>
    db.read(function* () {
      return (yield* listSessions()).filter(({ userId }) => userId === id).length;
    });
  const attemptsThat = (meanwhile: () => Promise<void>) => ({
    judge: async (_: unknown, find: () => Promise<Account | undefined>) => {
      const found = await find();
      await meanwhile();
      return found;
    },
  });
  const logIn = (meanwhile: () => Promise<void>) =>
    createLogins(db, hashKeys, clock, attemptsThat(meanwhile)).login("eve@example.com", "correct horse", undefined);
  await logIn(async () => {});
  expect(await sessions()).toBe(1);
  const reset = async () =>
    void (await db.write(() => setPassword(id, "$argon2id$set-by-an-administrator", clock.now())));
  expect(await logIn(reset).catch(String)).toBe("Problem: E-mail address or password is wrong");
  expect(await sessions()).toBe(1);
});

test("the address is the socket's, IPv4 in IPv4's own words; what a header claims is nobody's", async () => {
  const seen: (string | undefined)[] = [];
  const logins = {
    login: async (_email: string, _password: string, address: string | undefined) => {
      seen.push(address);
      return { sessionId: "", token: "", expiresAt: 0, user: { id: "", name: "" } };
    },
  };
  const app = createApp({ ...w.rooms, logins });
  listen(app, { host: "::", port: 0 });
  try {
    for (const host of ["127.0.0.1", "[::1]"]) {
      await fetch(`http://${host}:${app.server?.port}/api/v1/auth/login`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" },
        body: JSON.stringify({ email: "a@example.com", password: "x" }),
      });
    }
    expect(seen).toEqual(["127.0.0.1", "::1"]);
  } finally {
    await app.server?.stop(true);
  }
});
