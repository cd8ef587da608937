import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPinned, parseSpec } from "../../src/lib/package-spec.ts";
import { pinning } from "../../src/server/pinning.ts";
import { world } from "../world.ts";

test.each([
  ["a@1.2.3", true, true],
  ["@s/a@1.2.3-rc.1+b", true, true],
  ["a@1.2", false, true],
  ["a@1", false, true],
  ["a@^1.2.3", false, false],
  ["a@~1.2.3", false, false],
  ["a@latest", false, false],
  ["a@next", false, false],
  ["a", false, false],
  ["@s/a", false, false],
])("%s is one version: %p for npm, %p for uvx", (spec, npm, uvx) => {
  expect([isPinned(spec), isPinned(spec, "python")]).toEqual([npm, uvx]);
});

test("a name is told from its version", () => {
  expect(parseSpec("@s/a@1.0.0")).toEqual({ name: "@s/a", version: "1.0.0" });
  expect(parseSpec("@s/a")).toEqual({ name: "@s/a", version: "latest" });
});

test("what nobody pinned is told of, with what to write", () => {
  const fields = (packageName: string, runtime?: "python") => ({
    transport: "stdio" as const,
    packageName,
    ...(runtime && { runtime }),
  });
  expect(pinning(fields("a@1.2.3"), "1.2.3")).toBeUndefined();
  expect(pinning(fields("@s/a"), "1.2.3")).toEndWith(
    "it runs 1.2.3, as it was when first fetched; to keep it: packageName: @s/a@1.2.3",
  );
  expect(pinning(fields("a@^1"), undefined)).toContain("what is ^1 at the first start will be kept");
  expect(pinning(fields("a", "python"), undefined)).toContain("packageName: a@VERSION");
});

const home = mkdtempSync(join(tmpdir(), "mcpctl-uvx-"));
const path = process.env["PATH"] ?? "";
afterAll(() => {
  process.env["PATH"] = path;
  rmSync(home, { recursive: true, force: true });
});

test("a python package is run by uvx, which keeps what it fetches with the data; without uvx it is said how to get it", async () => {
  await using w = await world();
  process.env["PATH"] = home;
  const server = { name: "py", packageName: "mcp-server-fetch", runtime: "python", args: ["--flag", "a b;c"] };
  await w.must("POST", "/api/v1/servers", server);
  const status = async () => (await w.must("GET", "/api/v1/servers/py")).status;
  await w.until("it cannot start", async () => (await status()).state === "ERROR");
  expect((await status()).reason).toBe(
    "a python package is run by uvx, which is not in the PATH of mcpctl serve: install uv, or give a command that starts the server",
  );

  const uvx = join(home, "uvx");
  writeFileSync(uvx, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dir, "../servers/uvx.ts")}" "$@"\n`);
  chmodSync(uvx, 0o755);
  process.env["HTTPS_PROXY"] = "http://127.0.0.1:9";
  process.env["UV_PUBLISH_TOKEN"] = "planted";
  try {
    for (const packageName of ["mcp-server-fetch", "mcp-server-fetch@1.2", "mcp-server-fetch@latest"]) {
      await w.must("PUT", "/api/v1/servers/py", { ...server, packageName });
      await w.must("POST", "/api/v1/servers/py/restart");
      const said = async () => JSON.parse((await w.api("GET", "/api/v1/servers/py/logs?tail=1")).text || "{}");
      await w.until("it runs", async () => (await said()).argv?.[0] === packageName && (await w.isRunning("py")()));
      expect(await said()).toEqual({
        argv: [packageName, "--flag", "a b;c"],
        UV_CACHE_DIR: join(w.rooms.config.dataDir, "packages/uv"),
        HTTPS_PROXY: "http://127.0.0.1:9",
      });
    }
  } finally {
    delete process.env["HTTPS_PROXY"];
    delete process.env["UV_PUBLISH_TOKEN"];
  }
});

test("whoever writes a server is warned of a package without a version, and sees which one runs", async () => {
  process.env["PATH"] = path;
  await using w = await world();
  const manifest = "kind: server\nname: loose\npackageName: semver\nreplicas: 0\n";
  const { err } = await w.cli(["apply", "-f", "-"], { stdin: manifest });
  expect(err).toBe(
    "warning: server/loose, packageName is not pinned: what is latest at the first start will be kept; to choose it yourself: packageName: semver@VERSION",
  );
  await w.must("PUT", "/api/v1/servers/loose", { name: "loose", packageName: "semver@7.7" });
  await w.until(
    "it was fetched",
    async () => (await w.must("GET", "/api/v1/servers/loose")).status.resolved !== undefined,
  );
  const { resolved, warnings } = (await w.must("GET", "/api/v1/servers/loose")).status;
  expect(warnings).toEqual([expect.stringContaining(`to keep it: packageName: semver@${resolved}`)]);
  expect((await w.cli(["get", "servers", "-o", "wide"])).out).toContain(resolved);
  expect((await w.cli(["describe", "server", "loose"])).out).toContain(`to keep it: packageName: semver@${resolved}`);
  expect((await w.cli(["create", "server", "tight", "--package-name", "semver@7.7.2", "--replicas", "0"])).err).toBe(
    "",
  );
}, 60_000);

test("a package is said to be fetched while it is, and not when it was fetched before", async () => {
  await using w = await world();
  const folder = join(w.rooms.config.dataDir, "packages/fetched-before@1.0.0");
  mkdirSync(join(folder, "node_modules/fetched-before"), { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "node_modules/fetched-before/package.json"), '{"version":"1.0.0","bin":"quiet.js"}');
  writeFileSync(join(folder, "node_modules/fetched-before/quiet.js"), "setInterval(() => {}, 1000);");
  const asked = Promise.withResolvers<void>();
  const silent = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      asked.resolve();
      return new Promise<Response>(() => {});
    },
  });
  process.env["npm_config_registry"] = silent.url.href;
  try {
    await w.must("POST", "/api/v1/servers", { name: "old", packageName: "fetched-before@1.0.0" });
    await w.must("POST", "/api/v1/servers", { name: "new", packageName: "never-fetched@1.0.0" });
    await asked.promise;
    const status = async (name: string) => (await w.must("GET", `/api/v1/servers/${name}`)).status;
    expect(await status("new")).toMatchObject({ state: "STARTING", reason: "its package is being fetched" });
    expect(await status("old")).toMatchObject({ state: "STARTING" });
    expect(await status("old")).not.toHaveProperty("reason");
  } finally {
    delete process.env["npm_config_registry"];
    await silent.stop(true);
  }
});
