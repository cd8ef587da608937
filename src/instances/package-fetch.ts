import { lineCutter } from "../lib/lines.ts";
import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import { installerEnvironment } from "./environment.ts";
import { logRing } from "./log-ring.ts";
import { selfPath } from "./self.ts";

const installMs = 120_000;
const flags = ["--ignore-scripts", "--exact", "--no-progress", "--no-summary"];

/**
 * Fetches a package into a folder that has a package.json, with our own executable as package manager. Packages run no scripts of their own
 * meanwhile: fetching is not yet trusting. What earlier ones left in the machine's own cache is used, unless another folder is given for it. @throws Problem `unavailable`, naming the package and what is wrong
 */
export async function fetchPackage(folder: string, spec: string, stopping: AbortSignal, cache?: string): Promise<void> {
  const output = logRing();
  // A read-only root has no place for temporary files; the folder that is filled has.
  const child = Bun.spawn([selfPath(), "add", "--cwd", folder, ...flags, spec], {
    env: {
      ...installerEnvironment(),
      TMPDIR: folder,
      BUN_TMPDIR: folder,
      ...(cache && { BUN_INSTALL_CACHE_DIR: cache }),
    },
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
  if (child.signalCode !== null)
    throw new Problem(
      "unavailable",
      `the package ${spec} cannot be fetched: it took longer than ${installMs / 1000} s`,
    );
  throw failure(spec, output.tail(20), child.exitCode);
}

const unreachable = /Connection|Timeout|Timed ?out|DNS|ENOTFOUND|Unreachable|FailedToOpenSocket|Certificate|CERT_/i;

/** In words that name the package, and neither the registry's address nor what may stand in it. Pure. */
export function failure(spec: string, output: readonly string[], code: number | null): Problem {
  const said = output
    .filter((line) => /error/i.test(line))
    .slice(-2)
    .map((line) => line.trim().replace(/https?:\/\/\S+/g, "the npm registry"))
    .join("; ");
  if (/\b404\b|No version matching/.test(said))
    return new Problem("unavailable", `the package ${spec} does not exist, or has no such version`, {
      hint: "check the package's name and version",
    });
  const word =
    unreachable.exec(said) === null
      ? undefined
      : said.split(/\W+/).find((part) => /Connection|Tim|DNS|CERT|Cert/.test(part));
  if (word !== undefined)
    return new Problem(
      "unavailable",
      `the package ${spec} cannot be fetched: the npm registry is not reached (${word})`,
      {
        hint: "once fetched it starts without a network; HTTPS_PROXY and npm_config_registry of mcpctl serve are used",
      },
    );
  return new Problem("unavailable", `the package ${spec} cannot be fetched: ${said || `it ended with code ${code}`}`, {
    hint: "check the package's name and version",
  });
}
