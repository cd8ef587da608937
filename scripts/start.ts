// `npm start`: from a fresh clone to a real tool call. Installs, builds, serves the sample project, mints a token, calls one tool through the
// network endpoint, says how to go on, and keeps serving. A second start uses the same data.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "./run.ts";

const data = resolve(process.env["MCPCTL_DATA_DIR"] ?? ".quickstart/data");
const executable = resolve("dist/mcpctl");
const tokenFile = join(data, "quickstart-token");
const say = (text: string) => process.stdout.write(`${text}\n`);

if (process.versions.bun === undefined) throw new Error("start with `npm start`");
say("Installing and building…");
run([process.execPath, "install", "--frozen-lockfile"], true);
run([process.execPath, "scripts/build.ts"], true);

mkdirSync(data, { recursive: true, mode: 0o700 });
const server = Bun.spawn([executable, "serve", "--data-dir", data, "--log", "warn"], {
  stdout: "pipe",
  stderr: "inherit",
  stdin: "ignore",
});
const stop = (signal: NodeJS.Signals) => server.kill(signal);
process.on("SIGTERM", () => stop("SIGTERM"));
// Ctrl-C reaches serve by itself; a second signal from here would make its stop a hurried one.
process.on("SIGINT", () => {});

const url = await servingAt(server.stdout);
if (url === undefined) process.exit((await server.exited) || 1);
const ended = server.exited.then((code) => process.exit(code));

try {
  await Promise.race([firstCall(url), ended]);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  stop("SIGTERM");
  await server.exited;
  process.exit(1);
}
await ended;

/** Waits for serve to say where it serves, and shows all that it says. */
async function servingAt(output: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const { promise, resolve: found } = Promise.withResolvers<string | undefined>();
  void (async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of output) {
      const part = decoder.decode(chunk, { stream: true });
      process.stdout.write(part);
      text += part;
      const url = /serves at (http:\S+)/.exec(text)?.[1];
      if (url !== undefined) found(url);
    }
    found(undefined);
  })();
  return await promise;
}

async function firstCall(url: string): Promise<void> {
  mcpctl(url, "apply", "-f", "examples/quickstart.yaml");
  const { token, isNew } = tokenFor(url);
  say("\nStarting the sample servers (the first time they are fetched from npm)…");
  await toolsOf(url, token);
  const hello = resolve("examples/files/hello.txt");
  const answer = await call(url, token, "tools/call", { name: "files__read_text_file", arguments: { path: hello } });
  say(`\nA tool was called through ${url}/projects/demo/mcp, and answered:\n  ${textOf(answer)}`);
  say(nextSteps(url, token, isNew));
}

/** The token of an earlier start when it still works; else a new one, kept for the next start in a file of its owner alone. */
function tokenFor(url: string): { token: string; isNew: boolean } {
  const kept = existsSync(tokenFile) ? readFileSync(tokenFile, "utf8").trim() : "";
  if (kept !== "" && Bun.spawnSync([executable, "test", "mcp", `${url}/mcp`, "--token", kept]).exitCode === 0) {
    return { token: kept, isNew: false };
  }
  const token = mcpctl(url, "token", "create", "quickstart", "-p", "demo", "--force", "--quiet").trim();
  writeFileSync(tokenFile, token, { mode: 0o600 });
  return { token, isNew: true };
}

function mcpctl(url: string, ...words: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([executable, ...words, "--url", url]);
  if (exitCode !== 0) throw new Error(`mcpctl ${words.join(" ")} ended with ${exitCode}:\n${stderr.toString()}`);
  return stdout.toString();
}

/** Asks until both servers are there: a first start fetches them. */
async function toolsOf(url: string, token: string): Promise<void> {
  const until = Date.now() + 120_000;
  for (;;) {
    const { result } = await call(url, token, "tools/list", {});
    const names = ((result as { tools: { name: string }[] } | undefined)?.tools ?? []).map(({ name }) => name);
    if (["everything__echo", "files__read_text_file"].every((name) => names.includes(name))) {
      say(`${names.length} tools are ready.`);
      return;
    }
    if (Date.now() > until) throw new Error("the sample servers did not start; see: ./dist/mcpctl get instances");
    await Bun.sleep(200);
  }
}

async function call(
  url: string,
  token: string,
  method: string,
  params: object,
): Promise<{ result?: unknown; error?: unknown }> {
  const response = await fetch(`${url}/projects/demo/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: unknown; error?: unknown };
  if (!response.ok || answer.error !== undefined) throw new Error(`${method} failed: ${JSON.stringify(answer)}`);
  return answer;
}

function textOf({ result }: { result?: unknown }): string | undefined {
  return (result as { content: { text: string }[] }).content[0]?.text.trim();
}

function nextSteps(url: string, token: string, isNew: boolean): string {
  const endpoint = `${url}/projects/demo/mcp`;
  const snippet = {
    mcpServers: {
      demo: { type: "http", url: endpoint, headers: { Authorization: `Bearer ${isNew ? token : "YOUR_TOKEN"}` } },
    },
  };
  const shown = isNew ? `Token:     ${token}   (shown this once)` : "Token:     the one of your first start";
  return `
Endpoint:  ${endpoint}
${shown}

For a client that reads mcpServers (Claude Code's .mcp.json, Cursor, LM Studio):
${JSON.stringify(snippet, null, 2)}

Next, in a second terminal:
  ./dist/mcpctl get servers
  ./dist/mcpctl token create my-client -p demo
  ./dist/mcpctl apply -f my-servers.yaml

mcpctl goes on serving; stop it with Ctrl-C.`;
}
