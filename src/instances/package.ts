import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { parseSpec } from "../lib/package-spec.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { limiter } from "../lib/wait.ts";
import { createClearing } from "./package-clearing.ts";
import { fetchPackage } from "./package-fetch.ts";
import { firstMissing, type InstalledPackage, isThere, programOf, versionIn, writeList } from "./package-files.ts";
import { selfPath } from "./self.ts";

/** Where there is nothing to read: a folder that a server is started in must not decide what Bun runs before it (`preload`). */
const noConfig = process.platform === "win32" ? "NUL" : "/dev/null";

/** How our executable runs a program as Bun: nothing of the current folder is read, nothing is fetched while it runs. */
export const asBunCommand = (bin: string): string[] => [
  selfPath(),
  `--config=${noConfig}`,
  "--no-env-file",
  "--no-install",
  bin,
];

/** A first start with fifty servers must not be fifty package managers at once. */
const mostAtOnce = 3;
const mostWaiting = 1_000;

/**
 * Fetches npm packages, once each, with our own executable as package manager (`BUN_BE_BUN=1`), so that no Node.js, npm or shell is needed.
 * What is fetched stays: a start without network works, and an unpinned package does not change by itself.
 */
export type Packages = ReturnType<typeof createPackages>;

/** `stopping` ends whatever is being fetched: a stop must not wait for a slow network. */
export function createPackages(folder: string, log: Log, stopping: AbortSignal, clock: Clock) {
  const clearing = createClearing({ folder, log, stopping, clock });
  const underWay = new Map<string, Promise<InstalledPackage>>();
  const versions = new Map<string, string>();
  const fetching = new Set<string>();
  const inTurn = limiter(
    mostAtOnce,
    mostWaiting,
    () => new Problem("unavailable", "too many packages are being fetched"),
  );

  /** @throws Problem `unavailable` when it does not exist, cannot be fetched, or has no program to run */
  function install(spec: string): Promise<InstalledPackage> {
    const running = underWay.get(spec) ?? installOnce(spec).finally(() => underWay.delete(spec));
    underWay.set(spec, running);
    return running;
  }

  async function installOnce(spec: string): Promise<InstalledPackage> {
    const { name } = parseSpec(spec);
    const home = homeOf(spec);
    clearing.use(home);
    if (!isThere(home)) {
      log.info("fetching a package", { package: spec });
      await fetchInto(home, spec);
    } else await heal(home, spec);
    const installed = programOf(home, name);
    versions.set(spec, installed.version);
    return installed;
  }

  /** Into a folder beside it, then renamed: whoever looks sees all of it or nothing. */
  const fetchInto = (home: string, spec: string): Promise<void> =>
    beside(home, spec, async (temporary) => {
      await fetchPackage(temporary, spec, stopping);
      await writeList(temporary);
      rmSync(home, { recursive: true, force: true });
      renameSync(temporary, home);
    });

  /** The same version again, over what is left of it. @throws Problem `unavailable` when that cannot be had now */
  async function heal(home: string, spec: string): Promise<void> {
    const { name } = parseSpec(spec);
    const missing = await firstMissing(home, name);
    if (missing === undefined) return;
    const version = versionIn(home, name);
    log.warn("a package is not whole, it is fetched again", { package: spec, missing });
    try {
      await beside(home, spec, async (temporary) => {
        const lock = join(home, "bun.lock");
        if (existsSync(lock)) copyFileSync(lock, join(temporary, "bun.lock"));
        // The machine's cache may share its files with what is broken here.
        const cache = join(temporary, "cache");
        await fetchPackage(temporary, version === undefined ? spec : `${name}@${version}`, stopping, cache);
        rmSync(cache, { recursive: true, force: true });
        await writeList(temporary);
        await cp(temporary, home, { recursive: true, force: true, verbatimSymlinks: true, preserveTimestamps: true });
      });
    } catch (error) {
      const why = `the package ${spec} is not whole any more (${missing} is missing): ${messageOf(error)}`;
      throw new Problem("unavailable", why, { cause: error });
    }
  }

  async function beside(home: string, spec: string, fill: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = `${home}.${process.pid}.tmp`;
    fetching.add(spec);
    await inTurn(async () => {
      rmSync(temporary, { recursive: true, force: true });
      mkdirSync(temporary, { recursive: true, mode: 0o700 });
      try {
        writeFileSync(join(temporary, "package.json"), '{"private":true}\n');
        await fill(temporary);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
    }).finally(() => fetching.delete(spec));
  }

  function homeOf(spec: string): string {
    const { name, version } = parseSpec(spec);
    return join(folder, `${name.replace("/", "+")}@${version}`);
  }

  return {
    install,
    /** Whether a network is being waited for, or the turn to use it; not while what is on disk is looked through. */
    isFetching: (spec: string): boolean => fetching.has(spec),
    /** Which version of it is on disk, and so runs. */
    versionOf(spec: string): string | undefined {
      const version = versions.get(spec) ?? versionIn(homeOf(spec), parseSpec(spec).name);
      if (version !== undefined) versions.set(spec, version);
      return version;
    },
    /** Where uv keeps what it fetches: with the data, so that it is there at the next start. */
    uvCache: join(folder, "uv"),
    /** Takes away what no server has needed for long; `wanted` are the packages of all servers there are. */
    async clear(wanted: readonly string[]): Promise<void> {
      await clearing.clear(wanted.map(homeOf));
      versions.clear();
    },
  };
}
