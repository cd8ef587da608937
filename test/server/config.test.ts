import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/server/config.ts";
import { world } from "../world.ts";

const day = 86_400_000;
const home = mkdtempSync(join(tmpdir(), "mcpctl-config-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("how long tokens live: flag before environment before file before default", () => {
  const config = join(home, "config.yaml");
  writeFileSync(config, "tokenDefaultTtl: 7d\ntokenMaxTtl: 30d\n");
  const tokens = (flags: object, env: object) => readConfig({ ...flags }, { HOME: home, ...env }).tokens;
  expect(tokens({}, {})).toEqual({ defaultTtl: 90 * day, maxTtl: null });
  expect(tokens({ config }, {})).toEqual({ defaultTtl: 7 * day, maxTtl: 30 * day });
  const env = { MCPCTL_TOKEN_DEFAULT_TTL: "12h", MCPCTL_TOKEN_MAX_TTL: "1d" };
  expect(tokens({ config }, env)).toEqual({ defaultTtl: day / 2, maxTtl: day });
  expect(tokens({ config, "token-default-ttl": "never", "token-max-ttl": "never" }, env)).toEqual({
    defaultTtl: null,
    maxTtl: null,
  });
});

test.each(["0d", "soon", "9999d", "2027-01-31", "s3cret"])("%p does not start, and the setting is named", (ttl) => {
  for (const [name, env] of [
    ["tokenDefaultTtl", "MCPCTL_TOKEN_DEFAULT_TTL"],
    ["tokenMaxTtl", "MCPCTL_TOKEN_MAX_TTL"],
  ] as const) {
    const start = () => readConfig({}, { HOME: home, [env]: ttl });
    expect(start).toThrow(`the setting ${name} is a time up to ten years, such as 90d, 12h or 45m, or never`);
    expect(start).not.toThrow("s3cret");
  }
});

test("what serve was told is what minting obeys", async () => {
  await using w = await world({ "token-default-ttl": "never", "token-max-ttl": "30d" });
  w.stopClock();
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: [] });
  const mint = (name: string, ttl?: string) =>
    w.cli(["token", "create", name, "-p", "demo", ...(ttl === undefined ? [] : ["--ttl", ttl]), "-o", "json"]);
  const { createdAt, expiresAt } = JSON.parse((await mint("a")).out);
  expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(30 * day);
  const refused = await mint("b", "never");
  expect([refused.code, refused.err]).toEqual([
    2,
    expect.stringContaining("the ttl is never, but tokens of this server live at most 30d"),
  ]);
  // Tokens of older days, made under another policy, get no longer life by being rotated.
  const { id } = (await w.api("GET", "/api/v1/mcptokens/a?project=demo")).json;
  await w.rooms.db.write(function* () {
    yield { parts: ["UPDATE tokens SET expires_at = NULL WHERE id = ", ""], values: [id] };
  });
  const rotated = await w.must("POST", `/api/v1/mcptokens/${id}/rotate`, {});
  expect(Date.parse(rotated.expiresAt) - Date.parse(rotated.createdAt)).toBe(30 * day);
  await w.must("POST", "/api/v1/serviceaccounts", { name: "ci" });
  const login = await w.api("POST", "/api/v1/serviceaccounts/ci/sessions", { ttl: "31d" });
  expect([login.status, login.json.fields[0].path]).toEqual([422, "/ttl"]);
});

test("who may come in: flag before environment before file, each checked before anything starts", () => {
  const config = join(home, "door.yaml");
  writeFileSync(config, "allowedHosts: [mcp.example.com]\nallowedOrigins: ['https://ui.example.com']\n");
  const doors = (flags: object, env: object) => {
    const { allowedHosts, allowedOrigins } = readConfig({ ...flags }, { HOME: home, ...env });
    return [allowedHosts, allowedOrigins];
  };
  expect(doors({}, {})).toEqual([[], []]);
  expect(doors({ config }, {})).toEqual([["mcp.example.com"], ["https://ui.example.com"]]);
  const env = {
    MCPCTL_ALLOWED_HOSTS: "A.example, b",
    MCPCTL_ALLOWED_ORIGINS: "http://localhost:5173,tauri://localhost",
  };
  expect(doors({ config }, env)).toEqual([
    ["a.example", "b"],
    ["http://localhost:5173", "tauri://localhost"],
  ]);
  expect(doors({ "allowed-hosts": "c", "allowed-origins": "http://[::1]:8080" }, env)).toEqual([
    ["c"],
    ["http://[::1]:8080"],
  ]);
  for (const host of ["*", "*.example.com", "https://a", "a:3200", "a/b", "a..b", "a,,b", "-", " ", "s3cret@a"])
    expect(() => readConfig({ "allowed-hosts": host }, { HOME: home })).toThrow("allowedHosts takes names");
  for (const origin of [
    "*",
    "null",
    "a.example",
    "https://a/",
    "https://A",
    "https://a:443",
    "https://s3cret@a",
    "https://*.a",
  ]) {
    const start = () => readConfig({}, { HOME: home, MCPCTL_ALLOWED_ORIGINS: origin });
    expect(start).toThrow("allowedOrigins takes origins");
    expect(start).not.toThrow("s3cret");
  }
});

test("an OAuth issuer is believed only when it is said for whom, and its keys cannot be changed on the way", () => {
  const oauth = (given: unknown, env: object = {}) => {
    const config = join(home, "oauth.yaml");
    writeFileSync(config, JSON.stringify({ oauth: given }));
    return readConfig({ config }, { HOME: home, ...env }).oauth;
  };
  expect(readConfig({}, { HOME: home }).oauth).toBeUndefined();
  const typed = { MCPCTL_OAUTH_ISSUER: "https://id.example.com", MCPCTL_OAUTH_AUDIENCE: "mcpctl" };
  const whole = { issuer: "https://id.example.com", audience: "mcpctl", subjectClaim: "email", scopes: [] };
  expect(readConfig({}, { HOME: home, ...typed }).oauth).toMatchObject(whole);
  const flags = { "oauth-issuer": "http://localhost:8080/realms/a", "oauth-audience": "x" };
  expect(readConfig(flags, { HOME: home, ...typed }).oauth).toMatchObject({
    issuer: flags["oauth-issuer"],
    audience: "x",
  });
  const more = { subjectClaim: "azp", resource: "http://nas.local:3200/", scopes: ["mcp"] };
  expect(oauth({ issuer: "https://a", audience: "b", ...more }, typed)).toEqual({
    ...whole,
    ...more,
    resource: "http://nas.local:3200",
    jwksUrl: undefined,
  });
  for (const [given, why] of [
    [{ issuer: "https://a" }, "oauth.audience is missing"],
    [{ audience: "a" }, "oauth.issuer is missing"],
    [{}, "oauth.issuer is missing"],
    [[], "oauth is a mapping"],
    [{ issuer: "https://a", audience: "b", audiences: "s3cret" }, "oauth takes issuer, audience, jwksUrl"],
    [{ issuer: "https://a", audience: ["b"] }, "oauth.audience is a text"],
    [{ issuer: "http://id.example.com", audience: "b" }, "oauth.issuer begins with https://"],
    [{ issuer: "https://s3cret:x@a", audience: "b" }, "oauth.issuer is a URL without user"],
    [{ issuer: "https://a?s3cret", audience: "b" }, "oauth.issuer is a URL without user"],
    [{ issuer: "a", audience: "b" }, "oauth.issuer is a URL"],
    [{ issuer: "https://a", audience: "b", jwksUrl: "http://a/keys" }, "oauth.jwksUrl begins with https://"],
    [{ issuer: "https://a", audience: "b", resource: "file:///a" }, "oauth.resource begins with"],
    [{ issuer: "https://a", audience: "b", scopes: 'a "b' }, "oauth.scopes is a list"],
    [{ issuer: "https://a", audience: "b", scopes: ["a b"] }, "oauth.scopes is a list"],
  ] as const) {
    expect(() => oauth(given)).toThrow(why);
    expect(() => oauth(given)).not.toThrow("s3cret");
  }
  expect(() => readConfig({}, { HOME: home, MCPCTL_OAUTH_ISSUER: "https://a" })).toThrow("oauth.audience is missing");
});

test("the cache lies in the user's own folder, below a data folder that is given, or where it is told", () => {
  const config = join(home, "cache.yaml");
  writeFileSync(config, "dataDir: /srv/data\ncacheMiB: 7\n");
  const cache = (flags: object, env: object = {}) => {
    const { cacheDir, cacheMiB } = readConfig({ ...flags }, { HOME: home, ...env });
    return [cacheDir, cacheMiB];
  };
  expect(cache({})).toEqual([join(home, ".mcpctl/cache"), 256]);
  expect(cache({ "data-dir": "/srv/own" })).toEqual(["/srv/own/cache", 256]);
  expect(cache({ config })).toEqual(["/srv/data/cache", 7]);
  expect(cache({ config }, { MCPCTL_CACHE_DIR: "/tmp/c", MCPCTL_CACHE_MIB: "0" })).toEqual(["/tmp/c", 0]);
  for (const size of ["-1", "1.5", "all", "1MiB"])
    expect(() => cache({ "cache-mib": size })).toThrow("a whole number of MiB");
});
