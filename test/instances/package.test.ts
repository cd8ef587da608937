import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackages } from "../../src/instances/package.ts";
import { failure } from "../../src/instances/package-fetch.ts";
import { systemClock } from "../../src/lib/clock.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-packages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const said: string[] = [];
const say = (message: string) => void said.push(message);
const log = { debug: () => {}, info: say, warn: say, error: say };
const never = new AbortController().signal;
const anew = () => createPackages(folder, log, never, systemClock);
const packages = anew();

/** Behind this address is nobody. */
async function offline<T>(work: () => Promise<T>): Promise<T> {
  return await withRegistry("http://127.0.0.1:9/", work);
}
async function withRegistry<T>(url: string, work: () => Promise<T>): Promise<T> {
  const before = process.env["npm_config_registry"];
  process.env["npm_config_registry"] = url;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env["npm_config_registry"];
    else process.env["npm_config_registry"] = before;
  }
}

test("a package is fetched once, found again without asking, and its program is found", async () => {
  expect(packages.versionOf("semver@7.7.2")).toBeUndefined();
  const installing = Promise.all([packages.install("semver@7.7.2"), packages.install("semver@7.7.2")]);
  expect(packages.isFetching("semver@7.7.2")).toBe(true);
  const [first, second] = await installing;
  expect(packages.isFetching("semver@7.7.2")).toBe(false);
  expect(first.version).toBe("7.7.2");
  expect(first.bin).toEndWith("node_modules/semver/bin/semver.js");
  expect(second).toEqual(first);
  const later = anew();
  const found = offline(() => later.install("semver@7.7.2"));
  expect(later.isFetching("semver@7.7.2")).toBe(false);
  expect(await found).toEqual(first);
  expect(said).toEqual(["fetching a package"]);
  expect(readdirSync(folder)).toEqual(["semver@7.7.2"]);
}, 60_000);

test("what is not pinned stays what it was when it was fetched, and is known before it is started", async () => {
  const { version } = await packages.install("semver@^5.6");
  expect(version).toMatch(/^5\./);
  expect(anew().versionOf("semver@^5.6")).toBe(version);
  expect((await offline(() => anew().install("semver@^5.6"))).version).toBe(version);
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

test("without a network one that was never fetched says so, by its name and no address", async () => {
  const error = await offline(() => anew().install("never-fetched-before@1.0.0").catch(String));
  expect(error).toBe(
    "Problem: the package never-fetched-before@1.0.0 cannot be fetched: the npm registry is not reached (ConnectionRefused)",
  );
  const forbidden = failure("x@1.0.0", ["error: GET https://user:pw@registry.test/x - 403"], 1);
  expect(forbidden.message).toBe("the package x@1.0.0 cannot be fetched: error: GET the npm registry - 403");
});

test("what was deleted or left half written is fetched again, and what a server keeps beside its program stays", async () => {
  const { bin } = await packages.install("semver@7.7.2");
  const whole = readFileSync(bin, "utf8");
  const own = join(bin, "../../memory.jsonl");
  writeFileSync(own, "remembered");
  for (const breakIt of [
    () => unlinkSync(bin),
    () => truncateSync(bin),
    () => unlinkSync(join(bin, "../../package.json")),
  ]) {
    breakIt();
    expect(await offline(() => anew().install("semver@7.7.2").catch(String))).toMatch(
      /the package semver@7.7.2 is not whole any more \(node_modules\/semver\/\S+ is missing\): .* the npm registry is not reached/,
    );
    expect(await anew().install("semver@7.7.2")).toMatchObject({ bin, version: "7.7.2" });
    expect(readFileSync(bin, "utf8")).toBe(whole);
  }
  expect(readFileSync(own, "utf8")).toBe("remembered");
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}, 60_000);

test("what was fetched, and healed, is known for what it is, and can be taken away and fetched again", async () => {
  let now = Date.now();
  const later = () => createPackages(folder, log, never, { now: () => now });
  const { bin } = await later().install("semver@7.7.1");
  unlinkSync(bin);
  await later().install("semver@7.7.1");
  now += 31 * 86_400_000;
  await later().clear([]);
  expect(existsSync(bin)).toBe(false);
  expect(await later().install("semver@7.7.1")).toMatchObject({ bin, version: "7.7.1" });
}, 60_000);

test("a stop ends what is being fetched at once", async () => {
  let asked = 0;
  const unanswered = () => {
    asked++;
    return new Promise<Response>(() => {});
  };
  const silent = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: unanswered });
  await withRegistry(`http://127.0.0.1:${silent.port}/`, async () => {
    const stopping = new AbortController();
    const fetching = createPackages(folder, log, stopping.signal, systemClock).install("slow-package@1.0.0");
    while (asked === 0) await Bun.sleep(10);
    stopping.abort();
    expect(fetching).rejects.toThrow("was stopped");
    await Promise.allSettled([fetching]);
    expect(readdirSync(folder).some((name) => name.startsWith("slow-package"))).toBe(false);
  });
  await silent.stop(true);
});
