import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem } from "../lib/problem.ts";
import { parseDocuments } from "../lib/yaml.ts";
import { type Manifest, manifestsIn } from "../resources/parse.ts";
import type { Env } from "./environment.ts";
import { usage } from "./parse.ts";
import type { Args } from "./verb.ts";

const mostFiles = 1_000;

/** Every manifest of the files, folders or standard input behind `-f`, checked before anything is sent. @throws Problem naming file and document */
export async function manifestsFrom(verb: string, args: Args, env: Env): Promise<Manifest[]> {
  const names = args.flags("filename");
  if (names.length === 0) throw usage(verb, "give the manifests with -f FILE");
  const manifests: Manifest[] = [];
  for (const path of names.flatMap(filesBehind)) {
    const source = path === "-" ? "standard input" : path;
    for (const { value, index } of parseDocuments(await readText(path, env), source)) {
      manifests.push(...manifestsIn(value, `${source}, document ${index}`));
    }
  }
  if (manifests.length === 0) throw new Problem("invalid", "there is no manifest in what was given");
  return manifests;
}

/** A folder stands for the manifests directly in it, by name. */
function filesBehind(path: string): string[] {
  if (path === "-" || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const files = readdirSync(path).filter((name) => /\.(ya?ml|json)$/.test(name));
  if (files.length > mostFiles) throw new Problem("invalid", `${path} holds more than ${mostFiles} manifests`);
  return files.sort().map((name) => join(path, name));
}

/** A file, or with `-` standard input. @throws Problem `invalid` */
export async function readText(path: string, env: Env): Promise<string> {
  if (path === "-") return await env.readInput();
  try {
    return await env.readFile(path);
  } catch (error) {
    const missing = (error as { code?: string }).code === "ENOENT";
    throw new Problem("invalid", missing ? `${path} does not exist` : `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
