import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventsOf } from "../events.ts";
import { fixture, type World, world } from "../world.ts";

/** What clients look at to find out whether a login by OAuth is asked of them (reference/clients.md §3.3, §6.3): it is not. */
let w: World;
let token = "";
const endpoints = ["/mcp", "/projects/demo/mcp", "/projects/demo/servers/local/mcp", "/projects/demo/sse"];
const named = [
  "/projects/demo/vllm/browser/sse",
  "/projects/demo/sse/message",
  "/projects/demo/vllm/browser/sse/message",
];

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["local"] });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
});
afterAll(() => w.close());

const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  w.fetch(new Request(w.url + path, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) }));

test("HEAD is 405 at every endpoint before anybody is asked who he is", async () => {
  for (const path of [...endpoints, ...named, "/projects/none/mcp"].flatMap((one) => [one, `${one}/`]))
    for (const headers of [{}, { authorization: "Bearer nonsense" }]) {
      const answer = await ask("HEAD", path, headers);
      expect([path, answer.status, answer.headers.get("www-authenticate")]).toEqual([path, 405, null]);
      expect(answer.headers.get("allow")).toMatch(/^(GET, POST, DELETE|GET|POST)$/);
    }
});

test("every place of discovery answers JSON 404 that says what to do, with or without a token, and never repeats it", async () => {
  const words = ["oauth-protected-resource", "oauth-authorization-server", "openid-configuration", "anything"];
  const places = [
    ...words.map((word) => `/.well-known/${word}`),
    ...words.flatMap((word) => endpoints.map((path) => `/.well-known/${word}${path}`)),
    ...words.flatMap((word) => endpoints.map((path) => `${path}/.well-known/${word}`)),
    "/register",
    "/authorize",
    "/token",
  ];
  for (const path of places.flatMap((place) => [place, `${place}/`]))
    for (const method of ["GET", "POST"]) {
      const answer = await ask(method, path, { authorization: `Bearer ${token}` }, method === "GET" ? undefined : "{}");
      const text = await answer.text();
      expect([path, answer.status, answer.headers.get("content-type")]).toEqual([
        path,
        404,
        expect.stringMatching(/^application\/json/),
      ]);
      expect(JSON.parse(text)).toMatchObject({ code: "not_found", error: "invalid_request" });
      expect(text).not.toContain(token);
      expect(JSON.parse(text).error_description).toContain("Authorization");
    }
});

test("401 starts no dialog: no word of bearer or metadata, a body that says what to do, and nothing at all for pages", async () => {
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const json = { "content-type": "application/json" };
  for (const path of ["/mcp", "/mcp/", "/projects/demo/mcp", "/projects/demo/mcp/", "/projects/none/mcp"])
    for (const authorization of [undefined, "Bearer nonsense", `Bearer ${token}x`, "Basic eDp5", "Bearer a.b.c"]) {
      const answer = await ask("POST", path, authorization === undefined ? json : { ...json, authorization }, body);
      expect([path, answer.status, answer.headers.get("www-authenticate")]).toEqual([
        path,
        401,
        'Basic realm="mcpctl"',
      ]);
      expect(await answer.json()).toMatchObject({ code: "unauthenticated", hint: expect.stringContaining("token") });
    }
  for (const headers of [{ origin: w.url }, { "sec-fetch-site": "same-origin" }]) {
    const answer = await ask("POST", "/mcp", { ...json, ...headers }, body);
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, null]);
  }
  // What a probe without a credential sends first.
  expect((await ask("POST", "/mcp", json, "{}")).status).toBe(401);
});

test("nothing is ever redirected", async () => {
  for (const path of [
    "/",
    "/mcp",
    "/mcp/",
    "//mcp",
    "/projects/demo",
    "/projects/demo/mcp/",
    "/api",
    "/api/v1/servers/",
  ])
    for (const method of ["GET", "POST", "HEAD"]) {
      const { status } = await ask(
        method,
        path,
        { "content-type": "application/json" },
        method === "POST" ? "{}" : undefined,
      );
      expect([path, status >= 300 && status < 400]).toEqual([path, false]);
    }
});

test("Basic is accepted wherever Bearer is, with the token in either half, and never with two", async () => {
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  const login = w.admin;
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const json = { "content-type": "application/json" };
  const ways: [method: string, path: string, bearer: string, body?: string][] = [
    ["POST", "/mcp", token, ping],
    ["POST", "/projects/demo/mcp", token, ping],
    ["POST", "/projects/demo/mcp/", login, ping],
    ["GET", "/api/v1/servers", login],
    ["GET", "/api/v1/auth/whoami", token],
    ["GET", "/api/v1/mcptokens/introspect", token],
    ["POST", "/api/v1/auth/can-i", login, '{"verb":"view","resource":"servers"}'],
    ["GET", "/api/v1/audit/events", login],
  ];
  for (const [method, path, bearer, body] of ways) {
    const status = async (headers: Record<string, string>) =>
      (await ask(method, path, { ...json, ...headers }, body)).status;
    for (const text of [`${bearer}:`, `:${bearer}`, `token:${bearer}`, `${bearer}:x`, bearer])
      expect([path, await status(basic(text))]).toEqual([path, 200]);
    expect([path, await status({ authorization: `bAsIc  ${Buffer.from(`t:${bearer}`).toString("base64")}` })]).toEqual([
      path,
      200,
    ]);
    if (path.endsWith("introspect")) continue;
    for (const text of [`${bearer}:${bearer}`, `${bearer}x:`, "a:b", ""])
      expect([path, await status(basic(text))]).toEqual([path, 401]);
  }
  const introspected = await ask("GET", "/api/v1/mcptokens/introspect", basic(`vllm:${token}`));
  expect(await introspected.json()).toMatchObject({ state: "active", name: "t" });
  const stream = await ask("GET", "/projects/demo/sse", basic(`token:${token}`));
  expect(stream.status).toBe(200);
  const events = eventsOf(stream);
  const where = (await events.next()).value?.data ?? "";
  for (const [headers, status] of [
    [basic(`${token}:`), 202],
    [{}, 401],
  ] as const)
    expect((await ask("POST", where, { ...json, ...headers }, ping)).status).toBe(status);
  await events.return(undefined);
  const followed = await ask("GET", "/api/v1/audit/events?follow=true", basic(`x:${login}`));
  const logs = await ask("GET", "/api/v1/servers/local/logs?follow=true", basic(`x:${login}`));
  for (const stream of [followed, logs]) {
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  }
});
