import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { ProxyModel } from "../../resources/proxy-model.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { usage } from "../parse.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Stage = {
  stage: string;
  ms: number;
  before: number;
  after: number;
  tokensBefore: number;
  tokensAfter: number;
  sections: number;
  cached: boolean;
  degraded?: boolean;
  fault?: string;
};
type Trial = { stages: Stage[]; content: string; sections: unknown[]; by: string };

/** Of the shaped text, without --full. */
const shown = 4_000;

/** What each stage makes of a file, then the text as a model would see it. */
export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const [name = ""] = args.words;
  const input = args.flag("input");
  if (input === undefined) throw usage("proxymodel try", "--input FILE says what to try it on; - is standard input");
  const content = await contentOf(input, env);
  const trial = (await clientFor(args, env).act(ProxyModel, name, "try", undefined, {
    content,
    ...given("contentType", args.flag("type")),
    ...given("source", args.flag("source")),
    ...given("project", args.flag("project")),
  })) as Trial;
  if (format === "json") return env.out(JSON.stringify(trial, null, 2));
  if (!args.has("quiet")) env.out(`${stageTable(trial, env)}\n`);
  const isWhole = args.has("full") || trial.content.length <= shown;
  env.out(printable(isWhole ? trial.content : trial.content.slice(0, shown), true));
  if (!isWhole)
    env.err(`(the first ${shown} of ${trial.content.length} characters; --full shows all, -o json the sections too)`);
}

async function contentOf(input: string, env: Env): Promise<string> {
  if (input === "-") return await env.readInput();
  return await env.readFile(input).catch((error: unknown) => {
    throw new Problem("invalid", "the file of --input cannot be read", { cause: error, hint: "--input FILE, or -" });
  });
}

const given = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: value });

function stageTable({ stages }: Trial, env: Env): string {
  const number = (value: number) => value.toLocaleString("en");
  const rows = stages.map(
    ({ stage, ms, before, after, tokensBefore, tokensAfter, sections, cached, degraded, fault }) => [
      stage,
      `${number(before)} → ${number(after)}`,
      `${number(tokensBefore)} → ${number(tokensAfter)}`,
      sections === 0 ? "" : String(sections),
      ms.toFixed(1),
      cached ? "yes" : "",
      fault ?? (degraded === true ? "the llm did not help" : ""),
    ],
  );
  if (rows.length === 0) return "Nothing was done: no stage had a turn.";
  return table(["STAGE", "CHARACTERS", "~TOKENS", "SECTIONS", "MS", "CACHED", "FAULT"], rows, env);
}
