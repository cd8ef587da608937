import { existsSync } from "node:fs";
import { Problem } from "../lib/problem.ts";
import type { ServerFields } from "../resources/server.ts";
import { serverEnvironment, uvEnvironment } from "./environment.ts";
import { asBunCommand, type Packages } from "./package.ts";

/** What a server's process is started as. */
export type Launch = {
  command: readonly string[];
  /** Whether the command is our own executable, to be Bun itself. */
  asBun: boolean;
  env: Record<string, string>;
  cwd: string | undefined;
  resolved?: string;
};

/** @throws Problem `unavailable` when there is no way to start it on this machine */
export async function launchOf(fields: ServerFields, env: Record<string, string>, packages: Packages): Promise<Launch> {
  const { command, packageName, runtime, args = [], cwd } = fields;
  if (cwd !== undefined && !existsSync(cwd)) throw new Problem("unavailable", `its cwd ${cwd} does not exist`);
  if (command !== undefined) return { command, asBun: false, env: serverEnvironment(env), cwd };
  if (packageName === undefined) throw new Problem("unavailable", "it has neither a command nor a package");
  if (runtime === "python") {
    const itsEnv = uvEnvironment(env, packages.uvCache);
    const uvx = Bun.which("uvx", { PATH: itsEnv["PATH"] ?? "" });
    if (uvx === null) throw new Problem("unavailable", withoutUvx);
    return { command: [uvx, packageName, ...args], asBun: false, env: itsEnv, cwd };
  }
  const { bin, version } = await packages.install(packageName);
  return {
    command: [...asBunCommand(bin), ...args],
    asBun: true,
    env: serverEnvironment(env),
    cwd,
    resolved: version,
  };
}

const withoutUvx =
  "a python package is run by uvx, which is not in the PATH of mcpctl serve: install uv, or give a command that starts the server";
