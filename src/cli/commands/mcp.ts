import { bridge } from "../../client/bridge/bridge.ts";
import { targetOf } from "../../client/contexts.ts";
import { lineCutter } from "../../lib/lines.ts";
import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import type { Args } from "../verb.ts";

/** The longest message that a client may send; the gateway has a bound of its own, of the project. */
const longestLine = 16 * 1024 * 1024;
const patienceMs = 60_000;

/** Standard output is MCP's alone: everything else that there is to say goes to standard error. */
export async function run(args: Args, env: Env): Promise<void> {
  const choice = { url: args.flag("url"), token: args.flag("token"), context: args.flag("context") };
  const target = () => targetOf(choice, env.variables, env.home);
  const project = args.flag("project");
  const path = project === undefined ? "/mcp" : `/projects/${encodeURIComponent(project)}/mcp`;
  await bridge(
    { lines: linesOf(env.input()), say: env.say },
    {
      url: new URL(path, target().url).href,
      credential: () => target().token,
      fetch: env.fetch,
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
