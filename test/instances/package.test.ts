import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackages } from "../../src/instances/package.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-packages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fetched: string[] = [];
const log = { debug: () => {}, info: (message: string) => void fetched.push(message), warn: () => {}, error: () => {} };
const never = new AbortController().signal;
const packages = createPackages(folder, log, never);

test("a package is fetched once, found again without asking, and its program is found", async () => {
  const [first, second] = await Promise.all([packages.install("semver@7.7.2"), packages.install("semver@7.7.2")]);
  expect(first.version).toBe("7.7.2");
  expect(first.bin).toEndWith("node_modules/semver/bin/semver.js");
  expect(second).toEqual(first);
  expect(await createPackages(folder, log, never).install("semver@7.7.2")).toEqual(first);
  expect(fetched).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(["semver@7.7.2"]);
}, 60_000);

test("one that does not exist, or has nothing to run, is told by name and leaves nothing behind", async () => {
  expect(packages.install("@modelcontextprotocol/there-is-no-such-server")).rejects.toThrow(
    "does not exist, or has no such version",
  );
  expect(packages.install("semver@999.0.0")).rejects.toThrow("the package semver@999.0.0 does not exist");
  expect(packages.install("is-number@7.0.0")).rejects.toThrow("the package is-number has no program to run");
  await Bun.sleep(0);
  await Promise.allSettled([packages.install("semver@999.0.0")]);
  expect(readdirSync(folder).some((name) => name.includes("999") || name.endsWith(".tmp"))).toBe(false);
}, 60_000);

test("a stop ends what is being fetched at once", async () => {
  let asked = 0;
  const unanswered = () => {
    asked++;
    return new Promise<Response>(() => {});
  };
  const silent = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: unanswered });
  const before = process.env["npm_config_registry"];
  process.env["npm_config_registry"] = `http://127.0.0.1:${silent.port}/`;
  try {
    const stopping = new AbortController();
    const fetching = createPackages(folder, log, stopping.signal).install("slow-package@1.0.0");
    while (asked === 0) await Bun.sleep(10);
    stopping.abort();
    expect(fetching).rejects.toThrow("was stopped");
    await Promise.allSettled([fetching]);
    expect(readdirSync(folder).some((name) => name.startsWith("slow-package"))).toBe(false);
  } finally {
    if (before === undefined) delete process.env["npm_config_registry"];
    else process.env["npm_config_registry"] = before;
    await silent.stop(true);
  }
});
