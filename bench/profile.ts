// Where the time of a call goes: `bun bench/profile.ts [--era modern] [--upstream ""|"old upstream"|events|stdio] [--calls 20000] [--list]`. Runs serve from
// source under small calls of 32 callers; writes dist/profile/mcpctl.cpuprofile, for a viewer, and the top twenty functions as Markdown.
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { lackingIn } from "../src/instances/spacious.ts";
import { canPin, pin } from "./cores.ts";
import { drive } from "./load/drive.ts";
import { callersOf, type Era, type Work } from "./load/speech.ts";
import { startTargets } from "./targets.ts";
import { type Profile, topOf } from "./top.ts";

const { values } = parseArgs({
  options: {
    era: { type: "string", default: "modern" },
    upstream: { type: "string", default: "" },
    calls: { type: "string", default: "20000" },
  },
});
const folder = resolve("dist/profile");
const calls = Number(values.calls);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const executable = join(folder, "serve.sh");
const command = [process.execPath, "--cpu-prof", "--cpu-prof-dir", folder, resolve("src/main.ts")];
// Set here, serve need not become itself again, which ends a profile that is being written.
const settings = Object.entries(lackingIn({})).map(([name, value]) => `${name}=${value}`);
writeFileSync(
  executable,
  `#!/bin/sh\nexec env ${[...settings, ...command].map((word) => `'${word}'`).join(" ")} "$@"\n`,
);
chmodSync(executable, 0o755);
if (canPin) pin(process.pid, "rest");

const echo: Work = { tool: "echo", args: { text: "hello" }, holds: "hello" };
const targets = await startTargets([], { executable });
try {
  const target = targets.of(values.upstream === "" ? "mcpctl" : `mcpctl, ${values.upstream}`);
  if (target === undefined) throw new Error(`there is no upstream "${values.upstream}"`);
  const callers = await callersOf(target, values.era as Era, echo, 32);
  await drive(callers, calls);
  // It writes its profile when it ends by itself.
  await targets.gateway.serve.kill("SIGTERM");
} finally {
  await targets.close();
}

const name = readdirSync(folder).find((file) => file.endsWith(".cpuprofile"));
if (name === undefined) throw new Error("there is no profile");
renameSync(join(folder, name), join(folder, "mcpctl.cpuprofile"));
const profile = JSON.parse(readFileSync(join(folder, "mcpctl.cpuprofile"), "utf8")) as Profile;
const table = topOf(profile, 20, resolve("."));
writeFileSync(join(folder, "top.md"), table);
process.stdout.write(`${table}\n${folder}/mcpctl.cpuprofile\n`);
process.exit();
