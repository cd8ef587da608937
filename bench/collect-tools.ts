// Collects the corpus that the search of tools is measured on: `bun bench/collect-tools.ts [server…]`. Installs each package of
// tool-corpus/servers.ts without its scripts, runs it over stdio, takes its list and ends it; one after the other. Needs the npm registry and
// Node.js. Where it runs as root on Linux, a server has no network and is nobody. What could not be listed keeps what was collected before.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type CorpusServer, readCorpus, writeCorpus } from "./tool-corpus/corpus.ts";
import { type Row, rows } from "./tool-corpus/servers.ts";

const folder = "/tmp/mcpctl-tool-corpus";
const installMs = 150_000;
const listMs = 40_000;
/** Definitions are committed here, so their licence must allow it. */
const permissive = /^(MIT|Apache-2\.0|ISC|BSD-[23]-Clause|0BSD|Unlicense|CC0-1\.0|SEE LICENSE IN LICENSE-MIT)$/;
const isConfined = process.platform === "linux" && process.getuid?.() === 0 && Bun.which("unshare") !== null;
const confine = isConfined
  ? ["unshare", "--net", "--", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
  : [];
const path = process.env["PATH"] ?? "";

const say = (text: string) => process.stdout.write(`${text}\n`);

async function install(row: Row): Promise<{ at: string; manifest: Manifest }> {
  const at = join(folder, row.server);
  mkdirSync(join(at, "home"), { recursive: true });
  const name = row.package.slice(0, row.package.lastIndexOf("@"));
  const written = join(at, "node_modules", name, "package.json");
  if (!existsSync(written)) {
    await Bun.write(join(at, "package.json"), "{}");
    await Bun.write(join(at, "bunfig.toml"), "[install]\nminimumReleaseAge = 172800\n");
    const run = Bun.spawn([process.execPath, "add", "--ignore-scripts", row.package], {
      cwd: at,
      stdout: "ignore",
      stderr: "pipe",
      timeout: installMs,
      killSignal: "SIGKILL",
    });
    const words = await new Response(run.stderr).text();
    if ((await run.exited) !== 0) throw new Error(`not installed: ${words.trim().split("\n").at(-1)}`);
  }
  for (const [name, text] of Object.entries(row.files ?? {})) await Bun.write(join(at, "home", name), text);
  if (isConfined) Bun.spawnSync(["chown", "-R", "65534:65534", join(at, "home")]);
  const manifest = (await Bun.file(written).json()) as Manifest;
  if (!permissive.test(manifest.license ?? "")) throw new Error(`its licence is ${manifest.license ?? "not said"}`);
  return { at, manifest };
}
type Manifest = { name: string; version: string; license?: string; bin?: string | Record<string, string> };

const binOf = ({ name, bin }: Manifest): string => {
  const all = typeof bin === "string" ? { [name]: bin } : (bin ?? {});
  const own = all[name.replace(/^@[^/]+\//, "")] ?? Object.values(all)[0];
  if (own === undefined) throw new Error("it has no executable");
  return own;
};

/** Speaks to one server until its list is whole. */
async function list(row: Row, at: string, manifest: Manifest): Promise<unknown[]> {
  const server = Bun.spawn(
    [...confine, "node", join(at, "node_modules", manifest.name, binOf(manifest)), ...(row.args ?? [])],
    {
      cwd: join(at, "home"),
      env: { PATH: path, HOME: join(at, "home"), CI: "1", DO_NOT_TRACK: "1", ...row.env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    },
  );
  const errors = new Response(server.stderr).text();
  const end = () => {
    try {
      process.kill(-server.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const patience = setTimeout(end, listMs);
  const send = (message: object) => {
    server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    server.stdin.flush();
  };
  const ask = (id: number, method: string, params: object) => send({ id, method, params });
  const tools: unknown[] = [];
  try {
    ask(1, "initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "mcpctl-corpus", version: "1" },
    });
    let rest = "";
    for await (const chunk of server.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const message = parsed(line);
        if (message?.error !== undefined) throw new Error(message.error.message);
        if (message?.id === 1) {
          send({ method: "notifications/initialized" });
          ask(2, "tools/list", {});
        } else if (message?.id !== undefined && message.result?.tools !== undefined) {
          tools.push(...message.result.tools);
          if (message.result.nextCursor === undefined) return tools;
          ask(message.id + 1, "tools/list", { cursor: message.result.nextCursor });
        }
      }
    }
    throw new Error(`it ended: ${(await errors).trim().split("\n").slice(-3).join(" / ").slice(0, 300)}`);
  } finally {
    clearTimeout(patience);
    end();
  }
}

type Message = {
  id?: number;
  error?: { message: string };
  result?: { tools?: unknown[]; nextCursor?: string };
};
/** Some servers write their log where messages belong. */
function parsed(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

const wanted = process.argv.slice(2);
const corpus = new Map((await readCorpus()).map((server) => [server.server, server]));
for (const row of rows.filter(({ server }) => wanted.length === 0 || wanted.includes(server))) {
  try {
    const { at, manifest } = await install(row);
    const tools = (await list(row, at, manifest)) as CorpusServer["tools"];
    if (tools.length === 0) throw new Error("it offers no tools");
    const { name, version, license = "" } = manifest;
    corpus.set(row.server, { server: row.server, package: `${name}@${version}`, licence: license, tools });
    say(`${row.server.padEnd(16)} ${String(tools.length).padStart(4)} tools`);
    await writeCorpus(rows.flatMap(({ server }) => corpus.get(server) ?? []));
  } catch (error) {
    say(`${row.server.padEnd(16)}    - ${(error as Error).message}`);
  }
}
say(`${[...corpus.values()].reduce((sum, { tools }) => sum + tools.length, 0)} tools of ${corpus.size} servers`);
process.exit(0);
