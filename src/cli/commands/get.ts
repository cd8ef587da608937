import type { Client, ListQuery } from "../../client/client.ts";
import type { Problem } from "../../lib/problem.ts";
import type { Resource } from "../../resources/define.ts";
import type { Env } from "../environment.ts";
import { type Meant, meantBy } from "../meant.ts";
import { usage } from "../parse.ts";
import { hasLabels, type Look, openPrinter, type Printer } from "../printing/formats.ts";
import { clientFor, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const output = args.flag("output") ?? "table";
  if (args.words[0] === "all") {
    refuse(args, "all", ["server", "watch", "source"]);
    if (args.words.length > 1) throw usage("get", "all is of every kind: it takes no names");
    const { printAll } = await import("../everything.ts");
    return await printAll(
      clientFor(args, env),
      await printerOf(output, args, { ...lookOf(args, env), isMixed: true, forApply: true }),
      args,
      env,
    );
  }
  const targets = meantBy(args.words);
  const source = args.flag("source");
  if (source !== undefined) return await printFile(source, targets, output, args, env);
  const client = clientFor(args, env);
  for (const target of targets) checkFlags(target, args);
  const [only] = targets;
  if (args.has("watch")) {
    if (only === undefined || targets.length > 1) throw usage("get", "one kind is watched at a time");
    const { watch } = await import("../watching.ts");
    const project = projectFor(only.kind, args, only.names);
    return await watch(client, only, { ...queryFor(only, args), project }, output, lookOf(args, env));
  }
  const isSingle = targets.length === 1 && only?.names.length === 1;
  const printer = await printerOf(output, args, { ...lookOf(args, env), isSingle, isMixed: targets.length > 1 });
  let found = 0;
  for (const target of targets)
    for await (const items of partsOf(target, args, client)) {
      found += items.length;
      printer.add(target.kind, items);
      // Whoever read it has enough.
      if (env.readerGone?.aborted === true) return;
    }
  printer.end();
  if (found === 0 && /^(table|wide|name|custom-columns)/.test(output) && !args.has("quiet"))
    env.err(`No ${targets.map(({ kind }) => kind.plural).join(", ")} found.`);
}

/** What a file says there is, and no instance. */
async function printFile(
  source: string,
  targets: readonly Meant[],
  output: string,
  args: Args,
  env: Env,
): Promise<void> {
  refuse(args, "--source", ["server", "watch", "selector"]);
  const [target] = targets;
  if (target === undefined || targets.length > 1) throw usage("get", "--source is of one kind");
  const { namedInFile } = await import("../registry-file.ts");
  const { kind, names } = target;
  const printer = await printerOf(output, args, { ...lookOf(args, env), isSingle: names.length === 1 });
  printer.add(kind, await namedInFile(kind, names, source, env));
  printer.end();
}

const lookOf = (args: Args, env: Env): Look => ({
  env,
  isSingle: false,
  withoutHeaders: args.has("no-headers"),
  withLabels: args.has("show-labels"),
});

async function printerOf(output: string, args: Args, look: Look): Promise<Printer> {
  const field = args.flag("sort-by");
  const printer = openPrinter(output, look);
  return field === undefined ? printer : (await import("../printing/sorted.ts")).sorted(printer, field);
}

/** @throws Problem `invalid` for a flag that means nothing for this kind */
function checkFlags({ kind, names }: Meant, args: Args): void {
  if (args.flag("server") !== undefined && (!isOfServer(kind) || names.length > 0))
    throw usage("get", "--server is for lists of what belongs to a server, such as toolchanges");
  const asksForLabels = args.flag("selector") !== undefined || args.has("show-labels");
  if (asksForLabels && !hasLabels(kind)) throw usage("get", `${kind.plural} have no labels`);
  if (args.flag("selector") !== undefined && names.length > 0) throw usage("get", "give names, or a selector with -l");
}

function refuse(args: Args, what: string, flags: readonly string[]): void {
  const given = flags.find((flag) => args.has(flag) || args.flag(flag) !== undefined);
  if (given !== undefined) throw usage("get", `--${given} does not go with ${what}`);
}

const isOfServer = ({ fields }: Meant["kind"]): boolean => "server" in fields.properties;

const queryFor = ({ kind }: Meant, args: Args): ListQuery => ({
  project: isOfServer(kind) || "project" in kind.fields.properties ? args.flag("project") : undefined,
  server: args.flag("server"),
  labels: args.flag("selector"),
});

async function* partsOf(target: Meant, args: Args, client: Client): AsyncGenerator<Resource[]> {
  const { kind, names } = target;
  if (names.length === 0) return yield* client.parts(kind, queryFor(target, args));
  const project = projectFor(kind, args, names);
  const answers = await Promise.allSettled(names.map((name) => client.get(kind, name, project)));
  const refused = answers.find((answer) => answer.status === "rejected");
  // Of several names all are shown or none: a script that reads the output does not look at what else was said.
  if (refused !== undefined) throw refused.reason as Problem;
  yield answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}
