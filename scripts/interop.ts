// Real clients from npm, each listing and calling tools through a running gateway: `bun run interop [--heard] [NAME…]`. One line per client,
// and with --heard what the gateway heard of it; ends with 1 when any fails. They are large, so they are installed beside the project, in pinned versions, and are no dependencies of it.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Client, clients } from "../test/interop/clients.ts";
import { startGateway } from "../test/interop/gateway.ts";
import { tryClient } from "../test/interop/trial.ts";

/** Several clients need a newer Node.js than a machine may have. */
const node = "node@24.21.0";
const cache = resolve("node_modules/.cache/interop");
const lanes = 2;

const { values, positionals: words } = parseArgs({ options: { heard: { type: "boolean" } }, allowPositionals: true });
const unknown = words.find((word) => !clients.some(({ name }) => name.includes(word)));
if (unknown !== undefined) {
  process.stderr.write(
    `error: there is no client "${unknown}"; there are ${clients.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(2);
}
const wanted = clients.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

const binFolder = (name: string) => join(cache, name.replaceAll("/", "+"), "node_modules/.bin");
const clientOf = (name: string) => clients.find((client) => client.name === name) as Client;
const programs = (name: string) => join(binFolder(clientOf(name).package), clientOf(name).bin);

const startedAt = performance.now();
// mcp-remote is driven by the Inspector.
const packages = new Set([node, clientOf("inspector-legacy").package, ...wanted.map((client) => client.package)]);
await inLanes([...packages], install);
process.stdout.write(
  `${packages.size} packages installed in ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`,
);

const gateway = await startGateway();
let failed = 0;
try {
  for (const client of wanted.filter(({ opens }) => opens !== undefined)) await report(client);
  await inLanes(
    wanted.filter(({ opens }) => opens === undefined),
    report,
  );
} finally {
  await gateway.close();
}
process.stdout.write(`${wanted.length - failed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

async function report(client: Client): Promise<void> {
  const { version, listed, called, ms, heard, shownAs, wrong } = await tryClient(
    client,
    gateway,
    programs,
    binFolder(node),
  );
  if (wrong.length > 0) failed++;
  const cells = [client.name.padEnd(18), client.package.padEnd(42), (version ?? "-").padEnd(11)];
  const did = [listed ? "listed" : "NOT LISTED", called ? "called" : "NOT CALLED", `${ms.toFixed(0)} ms`];
  const told = [heard.join(", "), ...(shownAs === undefined ? [] : [`a model sees ${shownAs}`])];
  const more = values.heard === true ? [...wrong, ...told] : wrong;
  process.stdout.write(`${[...cells, ...did].join(" ")}\n${more.map((text) => `  ${text}\n`).join("")}`);
}

/** Into a folder of its own with the project's rule about the age of packages; what is there is not fetched again. */
async function install(name: string): Promise<void> {
  const folder = join(cache, name.replaceAll("/", "+"));
  const done = join(folder, "installed");
  if (existsSync(done)) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  copyFileSync("bunfig.toml", join(folder, "bunfig.toml"));
  // Trusted: several fetch or link their own executable in a script after installing.
  const child = Bun.spawn([process.execPath, "add", "--trust", "--exact", name], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, text] = [await child.exited, await new Response(child.stderr).text()];
  if (code !== 0) throw new Error(`${name} was not installed: ${text.slice(-1000)}`);
  writeFileSync(done, "");
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
