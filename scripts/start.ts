// `npm start`: from a fresh clone to a real tool call; `npm start -- --example NAME` shows another one. Installs, builds, serves, shows the example,
// and keeps serving. A second start uses the same data.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./run.ts";
import { faults } from "./start/faults.ts";
import { quickstart } from "./start/quickstart.ts";
import type { Example } from "./start/session.ts";
import { shaped } from "./start/shaped.ts";

const examples: Record<string, Example> = { quickstart, faults, shaped };
const folder = resolve(process.env["MCPCTL_DATA_DIR"] ?? ".quickstart/data");
const executable = resolve("dist/mcpctl");
const say = (text: string) => void process.stdout.write(`${text}\n`);

if (process.versions.bun === undefined) throw new Error("start with `npm start`");
const example = chosen();
say("Installing and building…");
run([process.execPath, "install", "--frozen-lockfile"], true);
run([process.execPath, "scripts/build.ts"], true);

mkdirSync(folder, { recursive: true, mode: 0o700 });
const server = Bun.spawn([executable, "serve", "--data-dir", folder, "--log", example.log ?? "warn"], {
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
  await Promise.race([
    example.show({ url, folder, executable, say, env: process.env, over: new AbortController().signal }),
    ended,
  ]);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  stop("SIGTERM");
  await server.exited;
  process.exit(1);
}
await ended;

function chosen(): Example {
  try {
    const { values } = parseArgs({ options: { example: { type: "string", default: "quickstart" } } });
    const found = Object.hasOwn(examples, values.example) ? examples[values.example] : undefined;
    if (found !== undefined) return found;
    process.stderr.write(`error: there is no example "${values.example}"\n`);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  for (const [name, { summary }] of Object.entries(examples))
    process.stderr.write(`  npm start -- --example ${name.padEnd(12)}${summary}\n`);
  process.exit(2);
}

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
