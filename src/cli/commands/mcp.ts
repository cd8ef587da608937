import { bridge } from "../../client/bridge/bridge.ts";
import { lineCutter } from "../../lib/lines.ts";
import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { projectNeeded } from "../session.ts";
import { bearerFor, targetFor } from "../target.ts";
import type { Args } from "../verb.ts";

/** The longest message that a client may send; the gateway has a bound of its own, of the project. */
const longestLine = 16 * 1024 * 1024;
const patienceMs = 60_000;

/** Standard output is MCP's alone: everything else that there is to say goes to standard error. */
export async function run(args: Args, env: Env): Promise<void> {
  const { url, tls } = targetFor(args, env);
  const project = projectNeeded(args);
  const path = project === undefined ? "/mcp" : `/projects/${encodeURIComponent(project)}/mcp`;
  await bridge(
    { lines: linesOf(env.input()), say: env.say },
    {
      url: new URL(path, url).href,
      credential: () => bearerFor(args, env),
      fetch: (request) => env.fetch(request, tls === undefined ? {} : { tls }),
      patienceMs,
      tell: (text) => {
        if (!args.has("quiet")) env.err(printable(text));
      },
    },
  );
}

async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string | undefined> {
  const ready: (string | undefined)[] = [];
  const cut = lineCutter(
    longestLine,
    (line) => ready.push(line),
    () => ready.push(undefined),
  );
  for await (const chunk of input) {
    cut(chunk);
    yield* ready.splice(0);
  }
  // The last line may have no end.
  cut(new TextEncoder().encode("\n"));
  yield* ready.splice(0);
}
