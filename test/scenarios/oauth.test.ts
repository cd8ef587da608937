import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVerifier } from "../../src/auth/access-token.ts";
import { findings } from "../secrets/findings.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { type Kind, startIssuer } from "../servers/issuer.ts";
import { type World, world } from "../world.ts";

/** A whole mcpctl that believes a real issuer: real keys, real HTTP, real signatures. */
let issuer: Awaited<ReturnType<typeof startIssuer>>;
let w: World;
const web = startHttpServer({ name: "web", echoesHeaders: true });
const folder = mkdtempSync(join(tmpdir(), "mcpctl-oauth-"));
const minute = 60_000;

async function believing(more: object = {}): Promise<World> {
  const config = join(folder, `${crypto.randomUUID()}.yaml`);
  writeFileSync(config, JSON.stringify({ oauth: { issuer: issuer.issuer, audience: "mcpctl", ...more } }));
  const made = await world({ config });
  await made.must("POST", "/api/v1/servers", { name: "web", url: web.url });
  for (const name of ["demo", "other"]) await made.must("POST", "/api/v1/projects", { name, servers: ["web"] });
  await made.userWith("alice", [{ role: "run", resource: "projects", name: "demo" }]);
  await made.must("POST", "/api/v1/serviceaccounts", { name: "ci" });
  return made;
}

beforeAll(async () => {
  issuer = await startIssuer();
  for (const kind of ["RS256", "PS256", "ES256", "EdDSA"] as const) await issuer.addKey(`first-${kind}`, kind);
  w = await believing();
});
afterAll(async () => {
  await w.close();
  await issuer.stop();
  await web.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  issuer.behaviour.metadata = undefined;
  issuer.behaviour.keys = undefined;
});

const ping = (token: string, at = w, path = "/projects/demo/mcp") => at.rpc(token, "ping", {}, path);
const statusAndWhy = async (token: string, at = w) => {
  const { status, json } = await ping(token, at);
  return [status, json.detail];
};

describe("who is let in", () => {
  test.each(["RS256", "PS256", "ES256", "EdDSA"] as Kind[])(
    "a token signed by %s is its user, everywhere",
    async (kind) => {
      const token = await issuer.sign(
        {},
        {},
        issuer.keys.find(({ alg }) => alg === kind),
      );
      expect((await ping(token)).status).toBe(200);
      const who = await w.api("GET", "/api/v1/auth/whoami", undefined, token);
      expect(who.json).toMatchObject({ subject: "User:alice@example.com" });
    },
  );

  test("types, lists of audiences, small differences of clocks, and capitals in an address are put up with", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const [claims, header] of [
      [{ aud: ["else", "mcpctl"] }, {}],
      [{ email: "Alice@Example.com", email_verified: true }, {}],
      [{ exp: now - 20 }, {}],
      [{ nbf: now + 20, iat: now + 20 }, {}],
      [{}, { typ: "JWT" }],
      [{}, { typ: undefined }],
    ] as const)
      expect([claims, (await ping(await issuer.sign(claims, header))).status]).toEqual([claims, 200]);
  });

  test("rights are those of the account: what it lacks is 403, and an endpoint that names no project is none", async () => {
    const token = await issuer.sign();
    const other = await ping(token, w, "/projects/other/mcp");
    expect([other.status, other.json.detail]).toEqual([
      403,
      "User:alice@example.com lacks role:run,resource:projects,name:other",
    ]);
    expect(other.headers.get("www-authenticate")).toBeNull();
    expect((await w.api("GET", "/api/v1/servers", undefined, token)).status).toBe(403);
    expect((await ping(token, w, "/mcp")).status).toBe(422);
    const left = await w.api("POST", "/api/v1/auth/logout", {}, token);
    expect(left.status).toBe(422);
    const changed = await w.api("POST", "/api/v1/auth/password", { current: "x", next: "long enough" }, token);
    expect(changed.status).toBe(403);
  });

  test("the audit log says who it was, and never the token", async () => {
    const token = await issuer.sign({ jti: "planted" });
    await w.rpc(token, "tools/call", { name: "web__echo", arguments: {} }, "/projects/demo/mcp");
    await w.until("it is recorded", async () => {
      const { text } = await w.api("GET", "/api/v1/audit/events?kind=call");
      expect(findings(text, token.split(".")[2] ?? "")).toEqual([]);
      return /"subject":"User:alice@example.com".*"sessionId":"oauth:[0-9a-f]{16}"/.test(text);
    });
  });
});

describe("who is not", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const rs = () => issuer.keys.find(({ alg }) => alg === "RS256");
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  test.each<[why: string, claims: () => object, header?: object]>([
    ["is of another issuer", () => ({ iss: "https://evil.test" })],
    ["is of another issuer", () => ({ iss: `${issuer.issuer}/` })],
    ["is of another issuer", () => ({ iss: [issuer.issuer] })],
    ["is for another audience", () => ({ aud: "another" })],
    ["is for another audience", () => ({ aud: "mcpctl.evil" })],
    ["is for another audience", () => ({ aud: undefined })],
    ["is for another audience", () => ({ aud: { mcpctl: true } })],
    ["has expired", () => ({ exp: now() - 31 })],
    ["does not say when it expires", () => ({ exp: undefined })],
    ["does not say when it expires", () => ({ exp: "9999999999" })],
    ["is not valid yet", () => ({ nbf: now() + 90 })],
    ["is not valid yet", () => ({ iat: now() + 90 })],
    ["has no claim email", () => ({ email: undefined })],
    ["has no claim email", () => ({ email: ["alice@example.com"] })],
    ["names an e-mail address that was not verified", () => ({ email_verified: false })],
    ["names an e-mail address that was not verified", () => ({ email: "ci" })],
    ["names nobody who has an account here", () => ({ email: "nobody@example.com" })],
    ["is signed by a key that its issuer does not have", () => ({}), { kid: "unknown" }],
    ["is signed by a key that its issuer does not have", () => ({}), { kid: "first-ES256" }],
    ["is signed by a key that its issuer does not have", () => ({}), { kid: ["first-RS256"] }],
    ["is not signed by RS256, PS256, ES256 or EdDSA", () => ({}), { alg: "none" }],
    ["is not signed by RS256, PS256, ES256 or EdDSA", () => ({}), { alg: "RS384" }],
    ["is not signed by RS256, PS256, ES256 or EdDSA", () => ({}), { alg: "constructor" }],
    ["asks for an extension that mcpctl does not know", () => ({}), { crit: ["b64"], b64: false }],
    ["is no access token", () => ({}), { typ: "logout+jwt" }],
  ])("a token that %s", async (why, claims, header = {}) => {
    expect(await statusAndWhy(await issuer.sign(claims(), header, rs()))).toEqual([401, `The access token ${why}`]);
  });

  test("an id is no name, and without an @ a name is a program's", async () => {
    await using by = await believing({ subjectClaim: "sub" });
    const { id } = await by.must("GET", "/api/v1/serviceaccounts/ci");
    const who = async (sub: string) =>
      (await by.api("GET", "/api/v1/auth/whoami", undefined, await issuer.sign({ sub }))).json;
    expect(await who(id)).toMatchObject({ detail: "The access token names nobody who has an account here" });
    expect(await who("ci")).toMatchObject({ subject: "ServiceAccount:ci" });
    expect(await who("alice@example.com")).toMatchObject({ subject: "User:alice@example.com" });
  });

  test("nobody's signature, a changed claim, and the public key taken for a shared secret", async () => {
    const key = rs();
    const [header = "", claims = "", signature = ""] = (await issuer.sign({}, {}, key)).split(".");
    const pem = createPublicKey({ key: key?.jwk ?? {}, format: "jwk" }).export({ type: "spki", format: "pem" });
    const hmac = `${part({ alg: "HS256", kid: key?.kid })}.${claims}`;
    const decoded = JSON.parse(Buffer.from(claims, "base64url").toString());
    for (const token of [
      `${header}.${part({ ...decoded, email: "admin@localhost" })}.${signature}`,
      `${header}.${claims}.${"A".repeat(signature.length)}`,
      `${header}.${claims}.AA`,
      `${part({ alg: "ES256", kid: key?.kid })}.${claims}.${signature}`,
      `${part({ alg: "PS256", kid: key?.kid })}.${claims}.${signature}`,
      `${part({ alg: "none" })}.${claims}.AA`,
      `${part({ alg: "none" })}.${claims}.`,
      `${hmac}.${createHmac("sha256", pem).update(hmac).digest("base64url")}`,
      `${part({ alg: "RS256", kid: key?.kid, jwk: issuer.keys[0]?.jwk })}.${claims}.${signature}`,
      "a.b.c",
      `${part([])}.${part([])}.AA`,
      await issuer.sign({ padding: "x".repeat(6_200) }, {}, key),
    ]) {
      const { status, text } = await ping(token);
      expect(status).toBe(401);
      expect(text).not.toContain(token.slice(0, 30));
    }
  });

  test("an account that is disabled, at once, and one whose name was given to another keeps nothing", async () => {
    await w.must("POST", "/api/v1/users", { name: "bob@example.com" });
    const token = await issuer.sign({ email: "bob@example.com" });
    expect((await ping(token)).status).toBe(403);
    const bob = await w.must("GET", "/api/v1/users/bob@example.com");
    await w.must("PUT", "/api/v1/users/bob@example.com", { name: bob.name, version: bob.version, disabled: true });
    expect(await statusAndWhy(token)).toEqual([401, "The account behind this login is gone or disabled"]);
  });

  test("anybody with a token like these, unless there is an issuer", async () => {
    await using plain = await world();
    const answer = await plain.rpc(await issuer.sign(), "ping");
    expect([answer.status, answer.json.detail]).toEqual([401, "The token is malformed"]);
    expect(answer.headers.get("www-authenticate")).toBe('Basic realm="mcpctl"');
  });
});

describe("the issuer's keys", () => {
  /** What a check that has no keys yet says of a token, without all the rest of mcpctl. */
  const believed = (token: string, more: object = {}): Promise<unknown> => {
    const trust = { issuer: issuer.issuer, audience: "mcpctl", subjectClaim: "email", scopes: [] };
    const verify = createVerifier({ ...trust, jwksUrl: undefined, resource: undefined, ...more }, { now: Date.now });
    return verify(token, "/mcp").catch((error: unknown) => error);
  };

  test("a new key is found when a token names it, an old one that was taken back opens nothing once they are asked for again", async () => {
    await using by = await believing();
    const old = await issuer.sign();
    expect((await ping(old, by)).status).toBe(200);
    const next = await issuer.addKey("second", "ES256");
    const token = await issuer.sign();
    by.advance(11_000);
    expect((await ping(token, by)).status).toBe(200);
    expect((await ping(old, by)).status).toBe(200);
    issuer.keys.splice(issuer.keys.indexOf(next), 1);
    by.advance(5 * minute + 1);
    expect(await statusAndWhy(await issuer.sign({ exp: 4_000_000_000 }, {}, next), by)).toEqual([
      401,
      "The access token is signed by a key that its issuer does not have",
    ]);
  });

  test("a thousand tokens that name unknown keys make us ask once, and those that wait share the answer", async () => {
    await using by = await believing();
    const long = await issuer.sign({}, { kid: "none" });
    issuer.asked.length = 0;
    await Promise.all(Array.from({ length: 1_000 }, () => ping(long, by)));
    expect(issuer.asked.filter((path) => path === "/realm/keys")).toHaveLength(1);
    by.advance(11_000);
    await ping(long, by);
    expect(issuer.asked.filter((path) => path === "/realm/keys")).toHaveLength(2);
  });

  test.each<[what: string, answer: () => Response]>([
    ["are not answered", () => new Response("down", { status: 503 })],
    ["are elsewhere", () => Response.redirect(`${issuer.url}/realm/moved`)],
    ["are no JSON", () => new Response("<html>")],
    ["are no list", () => Response.json({ keys: "all" })],
    ["are too many", () => Response.json({ keys: Array.from({ length: 101 }, () => ({})) })],
    ["are too long", () => Response.json({ keys: [], padding: "x".repeat(300_000) })],
  ])("while they %s nobody is let in by them", async (_, answer) => {
    issuer.behaviour.keys = answer;
    expect(await believed(await issuer.sign())).toMatchObject({ code: "unavailable", status: 503 });
  });

  test("known ones are used for an hour while its issuer is down, and no longer", async () => {
    await using by = await believing();
    const token = await issuer.sign({ exp: 4_000_000_000 });
    expect((await ping(token, by)).status).toBe(200);
    issuer.behaviour.keys = () => new Response("down", { status: 503 });
    by.advance(59 * minute);
    expect((await ping(token, by)).status).toBe(200);
    by.advance(2 * minute);
    const { status, json, headers } = await ping(token, by);
    expect([status, json.code, headers.has("retry-after")]).toEqual([503, "unavailable", true]);
    expect((await ping(by.admin, by)).status).toBe(200);
    issuer.behaviour.keys = undefined;
    by.advance(11_000);
    expect((await ping(token, by)).status).toBe(200);
  });

  test("metadata of another issuer is not believed, nor keys that would be read from anywhere", async () => {
    const kept = join(folder, "keys.json");
    writeFileSync(kept, JSON.stringify({ keys: issuer.keys.map(({ jwk }) => jwk) }));
    for (const metadata of [
      { issuer: "https://evil.test", jwks_uri: `${issuer.url}/realm/keys` },
      { issuer: `${issuer.issuer}/`, jwks_uri: `${issuer.url}/realm/keys` },
      { issuer: issuer.issuer, jwks_uri: `file://${kept}` },
      { issuer: issuer.issuer },
    ]) {
      issuer.behaviour.metadata = metadata;
      expect(await believed(await issuer.sign())).toMatchObject({ code: "unavailable" });
    }
    const told = { jwksUrl: `${issuer.url}/realm/keys` };
    expect(await believed(await issuer.sign(), told)).toMatchObject({ name: "alice@example.com" });
  });

  test("one whose keys are weak or for something else has none", async () => {
    const [key] = issuer.keys;
    for (const wrong of [{ use: "enc" }, { key_ops: ["encrypt"] }, { alg: "PS256" }, { kty: "EC" }]) {
      issuer.behaviour.keys = () => Response.json({ keys: [{ ...key?.jwk, ...wrong }, null, 7] });
      const said = await believed(await issuer.sign({}, {}, key));
      expect([wrong, said]).toEqual([wrong, expect.objectContaining({ code: "unauthenticated" })]);
    }
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };
    const pair = await crypto.subtle.generateKey({ ...algorithm, modulusLength: 1024 }, true, ["sign", "verify"]);
    const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
    issuer.behaviour.keys = () => Response.json({ keys: [jwk] });
    const weak = await issuer.sign({}, { kid: undefined }, { kid: "", alg: "RS256", pair, jwk });
    expect(await believed(weak)).toMatchObject({
      message: "The access token is signed by a key that its issuer does not have",
    });
  });
});

test("clients find the issuer: metadata of each endpoint, and a challenge that points to it", async () => {
  const root = await w.api("GET", "/.well-known/oauth-protected-resource", undefined, "");
  expect([root.status, root.json]).toEqual([
    200,
    {
      resource: w.url,
      authorization_servers: [issuer.issuer],
      bearer_methods_supported: ["header"],
      resource_name: "mcpctl",
    },
  ]);
  await using by = await believing({ resource: "https://mcp.example.com/", scopes: ["mcp", "mcp:tools"] });
  for (const path of ["/mcp", "/projects/demo/mcp", "/projects/none/servers/x/mcp", "/projects/demo/sse"]) {
    const challenge = (await by.rpc("", "ping", {}, path)).headers.get("www-authenticate");
    const at = `/.well-known/oauth-protected-resource${path}`;
    if (path.endsWith("/mcp") && !path.includes("servers"))
      expect(challenge).toBe(`Bearer resource_metadata="https://mcp.example.com${at}", scope="mcp mcp:tools"`);
    for (const place of [at, `${at}/`]) {
      const { status, json } = await by.api("GET", place, undefined, "");
      expect([status, json.resource, json.scopes_supported]).toEqual([
        200,
        `https://mcp.example.com${path}`,
        ["mcp", "mcp:tools"],
      ]);
    }
  }
  for (const path of [
    "/.well-known/oauth-protected-resource/api/v1",
    "/.well-known/oauth-authorization-server",
    "/register",
  ])
    expect((await by.api("GET", path, undefined, "")).status).toBe(404);
  const wrong = await ping("mcpctl_pat_nonsense", by);
  expect(wrong.headers.get("www-authenticate")).toContain('error="invalid_token"');
  // A token for this very endpoint is one for us; for another endpoint, it is not.
  const scope = "openid mcp mcp:tools";
  const aud = "https://mcp.example.com/projects/demo/mcp";
  expect((await ping(await issuer.sign({ scope, aud }), by)).status).toBe(200);
  expect((await ping(await issuer.sign({ scope, aud: aud.replace("demo", "other") }), by)).status).toBe(401);
  const ofStream = { scope, aud: "https://mcp.example.com/projects/demo/sse" };
  for (const path of ["/projects/demo/sse", "/projects/demo/sse/", "/projects/demo/sse/message"])
    expect([path, (await ping(await issuer.sign(ofStream), by, path)).status]).not.toEqual([path, 401]);
  const small = await ping(await issuer.sign({ scope: "mcp" }), by);
  expect([small.status, small.headers.get("www-authenticate")]).toEqual([
    403,
    'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/projects/demo/mcp", error="insufficient_scope", scope="mcp mcp:tools"',
  ]);
  expect((await ping(await issuer.sign({ scp: ["mcp", "mcp:tools"] }), by)).status).toBe(200);
});

test("what is open ends when its access token expires", async () => {
  await using by = await believing();
  await by.must("POST", "/api/v1/rbac", {
    name: "logs",
    subjects: [{ kind: "User", name: "alice@example.com" }],
    roleBindings: [{ role: "run", action: "audit-read" }],
  });
  const slow = startHttpServer({ name: "slow", hang: "tools/call" });
  await by.must("POST", "/api/v1/servers", { name: "slow", url: slow.url });
  const demo = await by.must("GET", "/api/v1/projects/demo");
  await by.must("PUT", "/api/v1/projects/demo", { name: "demo", version: demo.version, servers: ["slow"] });
  const token = await issuer.sign();
  await by.until("it is listed", async () => {
    const { text } = await by.rpc(token, "tools/list", {}, "/projects/demo/mcp");
    return text.includes("slow__echo");
  });
  const open = (path: string) =>
    by.fetch(new Request(by.url + path, { headers: { authorization: `Bearer ${token}` } }));
  const stream = await open("/projects/demo/sse");
  const call = by.rpc(token, "tools/call", { name: "slow__echo", arguments: {} }, "/projects/demo/mcp");
  const followed = await open("/api/v1/audit/events?follow=true");
  expect([stream.status, followed.status]).toEqual([200, 200]);
  await Bun.sleep(400);
  by.advance(300_000 + 31_000);
  const started = performance.now();
  const ended = await call;
  expect([ended.status, ended.json.detail]).toEqual([401, "The access token has expired"]);
  await Promise.all([followed.text(), stream.text()]);
  expect(performance.now() - started).toBeLessThan(2_000);
  await slow.stop();
});

test("no server ever hears of its caller's token, and no log line holds it", async () => {
  const token = await issuer.sign();
  const said = await w.rpc(token, "tools/call", { name: "web__echo", arguments: {} }, "/projects/demo/mcp");
  expect(said.status).toBe(200);
  const wrong = await issuer.sign({ aud: "another" });
  await ping(wrong);
  const heard = JSON.stringify(web.requests.map(({ headers, body }) => [[...headers], body]));
  expect(web.requests.some(({ body }) => body.includes("tools/call"))).toBe(true);
  for (const one of [token, wrong, token.split(".")[2] ?? ""])
    for (const text of [heard, said.text, ...w.logs]) expect(findings(text, one)).toEqual([]);
});
