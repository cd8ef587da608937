import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Log } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import { installerEnvironment } from "./environment.ts";
import { lineCutter } from "./lines.ts";
import { logRing } from "./log-ring.ts";

/** A package that is on disk and can be started: its program, and the version that was got. */
export type InstalledPackage = { bin: string; version: string };

/** Where there is nothing to read: a folder that a server is started in must not decide what Bun runs before it (`preload`). */
const noConfig = process.platform === "win32" ? "NUL" : "/dev/null";

/** How our executable runs a program as Bun: nothing of the current folder is read, nothing is fetched while it runs. */
export const asBunCommand = (bin: string): string[] => [
  process.execPath,
  `--config=${noConfig}`,
  "--no-env-file",
  "--no-install",
  bin,
];

const installMs = 120_000;

/**
 * Fetches npm packages, once each, with our own executable as package manager (`BUN_BE_BUN=1`), so that no Node.js, npm or shell is needed.
 * What is fetched stays: a start without network works, and an unpinned package does not change by itself.
 */
export type Packages = ReturnType<typeof createPackages>;

/** `stopping` ends whatever is being fetched: a stop must not wait for a slow network. */
export function createPackages(folder: string, log: Log, stopping: AbortSignal) {
  const underWay = new Map<string, Promise<InstalledPackage>>();

  /** @throws Problem `unavailable` when it does not exist, cannot be fetched, or has no program to run */
  function install(spec: string): Promise<InstalledPackage> {
    const running = underWay.get(spec) ?? installOnce(spec).finally(() => underWay.delete(spec));
    underWay.set(spec, running);
    return running;
  }

  async function installOnce(spec: string): Promise<InstalledPackage> {
    const { name, range } = parseSpec(spec);
    const home = join(folder, `${name.replace("/", "+")}@${range}`);
    if (!existsSync(join(home, "package.json"))) {
      log.info("fetching a package", { package: spec });
      await fetchInto(home, spec);
    }
    return programOf(join(home, "node_modules", name), name);
  }

  /** Into a folder beside it, then renamed: whoever looks sees all of it or nothing. */
  async function fetchInto(home: string, spec: string): Promise<void> {
    const temporary = `${home}.${process.pid}.tmp`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(join(temporary, "package.json"), '{"private":true}\n');
      await add(temporary, spec, stopping);
      if (existsSync(join(home, "package.json"))) return;
      rmSync(home, { recursive: true, force: true });
      renameSync(temporary, home);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  return { install };
}

/** Packages run no scripts of their own while they are fetched: fetching is not yet trusting. */
async function add(folder: string, spec: string, stopping: AbortSignal): Promise<void> {
  const output = logRing();
  const command = [
    process.execPath,
    "add",
    "--cwd",
    folder,
    "--ignore-scripts",
    "--exact",
    "--no-progress",
    "--no-summary",
    spec,
  ];
  // A read-only root has no place for temporary files; the folder that is filled has.
  const child = Bun.spawn(command, {
    env: { ...installerEnvironment(), TMPDIR: folder, BUN_TMPDIR: folder },
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const done = new AbortController();
  const end = () => child.kill("SIGKILL");
  stopping.addEventListener("abort", end, { signal: done.signal });
  void sleep(installMs, done.signal).then(() => {
    if (!done.signal.aborted) end();
  });
  const cut = lineCutter(4096, output.add, () => {});
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) cut(chunk);
  };
  await Promise.all([read(child.stdout), read(child.stderr), child.exited]);
  done.abort();
  if (stopping.aborted) throw new Problem("unavailable", `fetching the package ${spec} was stopped`);
  if (child.exitCode === 0) return;
  const said = output
    .tail(20)
    .filter((line) => /error/i.test(line))
    .slice(-2)
    .map((line) => line.trim())
    .join("; ");
  if (/\b404\b|No version matching/.test(said)) {
    throw new Problem("unavailable", `the package ${spec} does not exist, or has no such version`, {
      hint: "check the package's name and version",
    });
  }
  const why =
    child.signalCode === null
      ? said || `it ended with code ${child.exitCode}`
      : `it took longer than ${installMs / 1000} s`;
  throw new Problem("unavailable", `the package ${spec} cannot be fetched: ${why}`, {
    hint: "check the package's name and version",
  });
}

/** The program of a package: its only one, the one named like the package, or the one `bin` itself names. */
function programOf(folder: string, name: string): InstalledPackage {
  const { bin, version = "" } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin?: unknown;
    version?: string;
  };
  const programs = typeof bin === "string" ? { [basename(name)]: bin } : ((bin ?? {}) as Record<string, string>);
  const names = Object.keys(programs);
  const path = programs[basename(name)] ?? (names.length === 1 ? programs[names[0] ?? ""] : undefined);
  if (path === undefined) {
    const which = names.length === 0 ? "has no program to run" : `has several programs (${names.join(", ")})`;
    throw new Problem("unavailable", `the package ${name} ${which}`, { hint: "give a command instead of packageName" });
  }
  return { bin: join(folder, path), version };
}

/** `@scope/name@1.2.3` → name and version; `latest` when none is given. */
function parseSpec(spec: string): { name: string; range: string } {
  const at = spec.indexOf("@", 1);
  return at < 0 ? { name: spec, range: "latest" } : { name: spec.slice(0, at), range: spec.slice(at + 1) };
}
