import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem } from "../lib/problem.ts";
import { readDocuments } from "../lib/yaml.ts";
import { type Manifest, type Read, readManifests } from "../resources/parse.ts";
import type { Env } from "./environment.ts";
import { usage } from "./parse.ts";
import type { Args } from "./verb.ts";

const mostFiles = 1_000;

/**
 * Every document of the files, folders or standard input behind `-f`, each with its manifest or with what is wrong with it.
 * @throws Problem `invalid` for what cannot be read at all
 */
export async function documentsFrom(verb: string, args: Args, env: Env): Promise<Read[]> {
  const names = args.flags("filename");
  if (names.length === 0) throw usage(verb, "give the manifests with -f FILE");
  const read: Read[] = [];
  for (const path of names.flatMap(filesBehind)) {
    const source = path === "-" ? "standard input" : path;
    for (const document of readDocuments(await readText(path, env), source)) {
      const where = `${source}, document ${document.index}`;
      if ("error" in document) read.push({ where, error: document.error });
      else read.push(...readManifests(document.value, where));
    }
  }
  if (read.length === 0) throw new Problem("invalid", "there is no manifest in what was given");
  return withoutTwins(read);
}

/** The same for all or nothing. @throws Problem naming file and document */
export const manifestsFrom = async (verb: string, args: Args, env: Env): Promise<Manifest[]> =>
  (await documentsFrom(verb, args, env)).map((read) => {
    if (read.error !== undefined) throw read.error;
    return read.manifest;
  });

/** What a manifest is about: names of some kinds are unique within a project only. */
export const identityOf = ({ kind, name, fields }: Pick<Manifest, "kind" | "name" | "fields">): string =>
  `${kind.kind}/${kind.scopes !== undefined || kind.kind === "mcptoken" ? `${fields["project"] ?? ""}/` : ""}${name}`;

/** Of two documents about the same thing nobody knows which is meant. */
function withoutTwins(read: readonly Read[]): Read[] {
  const places = new Map<string, string[]>();
  for (const { where, manifest } of read.filter(isRead)) {
    // A token that was revoked stands beside the one that took its name.
    if (manifest.ended === true) continue;
    const identity = identityOf(manifest);
    places.set(identity, [...(places.get(identity) ?? []), where]);
  }
  return read.map((one) => {
    const twins =
      one.error === undefined && one.manifest.ended !== true ? (places.get(identityOf(one.manifest)) ?? []) : [];
    if (twins.length < 2) return one;
    const { where, kind, name } = one;
    const error = new Problem(
      "invalid",
      `${where}: ${kind} "${name}" is there twice, in ${twins.slice(0, 3).join(" and ")}`,
      {
        hint: "take one of them out",
      },
    );
    return { where, ...(kind && { kind }), ...(name && { name }), error };
  });
}

export const isRead = (read: Read): read is Read & { manifest: Manifest } => read.error === undefined;

/** A folder stands for the manifests directly in it, by name. */
function filesBehind(path: string): string[] {
  if (/^https?:\/\//i.test(path))
    throw new Problem("invalid", "manifests are read from files, folders and standard input, not from the network", {
      hint: "fetch it, look at it, then mcpctl apply -f FILE",
    });
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
    if (error instanceof Problem) throw error;
    const missing = (error as { code?: string }).code === "ENOENT";
    throw new Problem("invalid", missing ? `${path} does not exist` : `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
