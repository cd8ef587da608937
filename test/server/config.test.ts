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
