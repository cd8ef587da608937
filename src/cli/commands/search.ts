import type { Resource } from "../../resources/define.ts";
import { Template } from "../../resources/template.ts";
import type { Named } from "../../resources/templates/registry.ts";
import { searchTemplates } from "../../resources/templates/search.ts";
import type { Env } from "../environment.ts";
import { formatOf, printResources } from "../output.ts";
import { templatesOfFile } from "../registry-file.ts";
import { clientFor, isAway } from "../session.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";

/** Looks through the templates of a file, or of the instance; where none answers, those that are in this executable. */
export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args);
  const source = args.flag("source");
  const all = source === undefined ? await ofInstance(args, env) : await templatesOfFile(source, env);
  const found = searchTemplates(args.words, all);
  if (found.length === 0) env.err("No template has all of these words. All there are: mcpctl get templates");
  else printResources(Template, found, false, format, env);
  const [first] = found;
  if (first === undefined || format !== "table" || args.has("quiet") || !env.isTerminal) return;
  env.err(
    fitted(
      source === undefined
        ? `How to use one: mcpctl describe template ${first.name}`
        : `To keep one: mcpctl search ${args.words.join(" ")} --source ${source} -o yaml, then apply it`,
      env.screen,
    ),
  );
}

async function ofInstance(args: Args, env: Env): Promise<(Named & Resource)[]> {
  try {
    return (await clientFor(args, env).list(Template)) as unknown as (Named & Resource)[];
  } catch (error) {
    if (!isAway(error)) throw error;
    env.err(`Of mcpctl itself only: ${error.message}`);
    const { shippedTemplates } = await import("../../resources/templates/shipped.ts");
    return shippedTemplates as unknown as (Named & Resource)[];
  }
}
