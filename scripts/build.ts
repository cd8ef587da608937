// The one build command. `bun scripts/build.ts [--target NAME]… [--out PATH]`; without a target for this machine, into dist/mcpctl.
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
const folder = mkdtempSync(join(tmpdir(), "mcpctl-build-"));
try {
  const order = await used();
  for (const target of values.target ?? [undefined]) {
    const out = values.out ?? (target === undefined ? "dist/mcpctl" : `dist/mcpctl-${target}`);
    compile(out, [`--bytecode-order=${order}`, ...(target === undefined ? [] : [`--target=bun-${target}`])]);
    // The maps are inside the executable as well, where stack traces find them.
    for (const map of new Bun.Glob("*.map").scanSync("dist")) rmSync(`dist/${map}`);
    const file = target?.startsWith("windows") === true && !out.endsWith(".exe") ? `${out}.exe` : out;
    process.stdout.write(`${file} (${(statSync(file).size / 1e6).toFixed(1)} MB)\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Which functions a server uses from its start to its end, told by a first executable for this machine. Their bytecode lies together in those that
 * are built for good, which read and keep the less of themselves.
 */
async function used(): Promise<string> {
  const [draft, order] = [join(folder, "mcpctl"), join(folder, "order")];
  compile(draft, []);
  const serve = Bun.spawn([draft, "serve", "--port", "0", "--data-dir", join(folder, "data")], {
    env: { HOME: folder, MCPCTL_LOG: "warn", BUN_BYTECODE_ORDER_OUT: order },
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await serve.stdout.getReader().read();
  const [url] = /http:\S+/.exec(new TextDecoder().decode(value)) ?? [];
  if (url === undefined) throw new Error("what was built does not serve");
  await fetch(`${url}/readyz`);
  serve.kill("SIGTERM");
  await serve.exited;
  return order;
}

/**
 * --splitting makes lazy imports lazy, --bytecode needs --format=esm, what a start runs once is not worth compiling (src/main.ts), and without
 * the two autoload flags a compiled program would run the `preload` of a bunfig.toml, and read the .env, of whatever folder it is started in.
 * What lies five functions deep is compiled when it is called: 70 KB.
 */
function compile(out: string, more: readonly string[]): void {
  const flags = [
    "--splitting",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--sourcemap",
    "--compile-jit-policy=8",
    "--bytecode-depth=4",
  ];
  const closed = ["--no-compile-autoload-bunfig", "--no-compile-autoload-dotenv"];
  // Elysia looks with it into uploads that it checks itself, of which there are none here: half a megabyte.
  const unused = ["--external", "file-type"];
  const command = [
    process.execPath,
    "build",
    "--compile",
    ...flags,
    ...closed,
    ...unused,
    ...more,
    "src/main.ts",
    "--outfile",
    out,
  ];
  const { exitCode } = Bun.spawnSync(command, { stdout: "ignore", stderr: "inherit" });
  if (exitCode !== 0) throw new Error("bun build failed");
}
