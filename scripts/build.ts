// The one build command. `bun scripts/build.ts [--target NAME]… [--out PATH]`; without a target for this machine, into dist/mcpctl.
import { mkdirSync, rmSync, statSync } from "node:fs";
import { parseArgs } from "node:util";

const targets = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
];

const { values } = parseArgs({ options: { target: { type: "string", multiple: true }, out: { type: "string" } } });
const unknown = values.target?.find((target) => !targets.includes(target));
if (unknown !== undefined) {
  process.stderr.write(`error: there is no target "${unknown}"; there are ${targets.join(", ")}\n`);
  process.exit(2);
}

mkdirSync("dist", { recursive: true });
for (const target of values.target ?? [undefined]) build(target);

/**
 * --splitting makes lazy imports lazy, --bytecode needs --format=esm, what a start runs once is not worth compiling (src/main.ts), and without
 * the two autoload flags a compiled program would run the `preload` of a bunfig.toml, and read the .env, of whatever folder it is started in.
 * What lies three functions deep is compiled when it is called, which no start was seen to take longer for: 1.4 MB.
 */
function build(target: string | undefined): void {
  const out = values.out ?? (target === undefined ? "dist/mcpctl" : `dist/mcpctl-${target}`);
  const flags = ["--compile", "--splitting", "--minify", "--bytecode", "--format=esm", "--sourcemap"];
  const economy = ["--compile-jit-policy=8", "--bytecode-depth=2"];
  const closed = ["--no-compile-autoload-bunfig", "--no-compile-autoload-dotenv"];
  // Elysia looks with it into uploads that it checks itself, of which there are none here: half a megabyte.
  const unused = ["--external", "file-type"];
  const forTarget = target === undefined ? [] : [`--target=bun-${target}`];
  const options = [...flags, ...economy, ...closed, ...unused, ...forTarget];
  const command = [process.execPath, "build", ...options, "src/main.ts", "--outfile", out];
  const { exitCode } = Bun.spawnSync(command, { stdout: "ignore", stderr: "inherit" });
  if (exitCode !== 0) process.exit(1);
  // The maps are inside the executable as well, where stack traces find them.
  for (const map of new Bun.Glob("*.map").scanSync("dist")) rmSync(`dist/${map}`);
  const file = target?.startsWith("windows") === true && !out.endsWith(".exe") ? `${out}.exe` : out;
  process.stdout.write(`${file} (${(statSync(file).size / 1e6).toFixed(1)} MB)\n`);
}
