import { statSync } from "node:fs";
import { printable } from "../lib/printable.ts";
import { Problem } from "../lib/problem.ts";
import { parseDocuments } from "../lib/yaml.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { Template } from "../resources/template.ts";
import { type Named, templatesIn } from "../resources/templates/registry.ts";
import type { Env } from "./environment.ts";
import { readText } from "./manifests.ts";
import { usage } from "./parse.ts";

const mostBytes = 64 * 1024 * 1024;
const mostTold = 5;

/** What is left out of a registry's file is told on standard error, at most a few lines of it. */
export async function templatesOfFile(path: string, env: Env): Promise<(Named & Resource)[]> {
  const document = documentIn(await readBounded(path, mostBytes, env), path);
  const { templates, left } = templatesIn(document, path === "-" ? "standard input" : path);
  for (const { name, why } of left.slice(0, mostTold)) env.err(printable(`left out: ${name}: ${why}`));
  if (left.length > mostTold) env.err(`left out: ${left.length - mostTold} more`);
  // Nobody stored them: they have no version and no times.
  return templates.map((template) => ({ id: template.name, ...template }) as Named & Resource);
}

/** The same of `get templates --source`, all or those that are named. @throws Problem `invalid`, `not_found` */
export async function namedInFile(
  kind: AnyKind,
  names: readonly string[],
  path: string,
  env: Env,
): Promise<Resource[]> {
  if (kind !== Template) throw usage("get", "--source is for templates: mcpctl get templates --source FILE");
  const all = await templatesOfFile(path, env);
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find((template) => template.name === name);
    if (found !== undefined) return found;
    throw new Problem("not_found", `there is no template "${name}" in ${path}`, {
      hint: `mcpctl get templates --source ${path}`,
    });
  });
}

/** A file, or with `-` standard input. @throws Problem `invalid` for one that is larger than anybody means */
export async function readBounded(path: string, most: number, env: Env): Promise<string> {
  const refused = () => new Problem("invalid", `${path} is larger than ${most / 1024 / 1024} MiB`);
  if (path !== "-" && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > most) throw refused();
  const text = await readText(path, env);
  if (text.length > most) throw refused();
  return text;
}

/** JSON is tried first: a registry's answer is megabytes, and YAML takes many times as long for it. */
function documentIn(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseDocuments(text, source)[0]?.value;
  }
}
