import { cut } from "../../lib/cut.ts";
import { freeName, nameFrom } from "../../lib/id.ts";
import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import { parseManifest } from "../parse.ts";
import { Template, type TemplateFields } from "../template.ts";
import { imageFrom } from "./registry-image.ts";
import { createWords, type Input, inputsIn, textIn, type Way } from "./registry-input.ts";

export type Named = TemplateFields & { name: string };
/** What a file gives, and what of it cannot be one of ours, with the reason. */
export type Found = { templates: Named[]; left: { name: string; why: string }[] };

const mostEntries = 20_000;
/** As the registry demands; it also keeps an entry from taking the name of a template of ours. */
const entryName = /^[A-Za-z0-9.-]+\/[A-Za-z0-9._-]+$/;

/** Whether this looks like the official registry's: one server.json, several, or an answer of its list. */
export const isRegistry = (document: unknown): boolean => entriesIn(document) !== undefined;

/**
 * Templates out of a file in the format of the official MCP registry, old spellings (`registry_type`) included. Nothing in it is believed: each
 * is checked like any manifest. @throws Problem `invalid`
 */
export function templatesIn(document: unknown, where: string): Found {
  const entries = entriesIn(document);
  if (entries === undefined)
    throw new Problem("invalid", `${where}: this is no file of the MCP registry`, {
      hint: "it has {servers: [{name, packages, remotes}]}, or is one server.json",
    });
  if (entries.length > mostEntries)
    throw new Problem("invalid", `${where}: there are more than ${mostEntries} servers`);
  const found: Found = { templates: [], left: [] };
  const taken = new Set<string>();
  for (const entry of entries) addEntry(entry, taken, found);
  return found;
}

function entriesIn(document: unknown): Record<string, unknown>[] | undefined {
  const list = Array.isArray(document) ? document : isObject(document) ? (document["servers"] ?? [document]) : [];
  if (!Array.isArray(list) || list.length === 0 || !list.every(isObject)) return undefined;
  // The list of 2025-09 and later wraps each: {server: {...}, _meta: {...}}.
  const entries = list.map((item) => (isObject(item["server"]) ? item["server"] : item));
  return entries.every((entry) => typeof entry["name"] === "string" && isEntry(entry)) ? entries : undefined;
}

const isEntry = (entry: Record<string, unknown>): boolean =>
  Array.isArray(entry["packages"]) || Array.isArray(entry["remotes"]) || isObject(entry["repository"]);

function addEntry(entry: Record<string, unknown>, taken: Set<string>, { templates, left }: Found): void {
  const name = textIn(entry["name"]) ?? "";
  if (!entryName.test(name)) {
    left.push({ name: cut(name, 80), why: "its name is not of the form NAMESPACE/NAME" });
    return;
  }
  const ways = [...inputsIn(entry["packages"]).map(packageFrom), ...inputsIn(entry["remotes"]).map(remoteFrom)];
  const reasons: string[] = [];
  const seen = new Set<string>();
  for (const way of ways.toSorted((a, b) => a.rank - b.rank)) {
    if (way.fields === undefined) {
      reasons.push(way.why);
      continue;
    }
    // The first is what most will want; the others say what they are.
    const word = seen.size === 0 ? name : `${name}-${way.word}`;
    if (seen.has(way.word)) continue;
    try {
      const { name: given, fields } = parseManifest(Template, {
        name: nameFrom(word),
        ...common(entry),
        ...way.fields,
      });
      seen.add(way.word);
      templates.push({ name: freeName(given, taken), ...(fields as TemplateFields) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const [first] = error.fields ?? [];
      reasons.push(`${way.word}: ${first === undefined ? error.message : `${first.path} ${first.message}`}`);
    }
  }
  if (seen.size === 0) left.push({ name, why: reasons[0] ?? "it says neither how it runs nor where it is" });
}

function common(entry: Record<string, unknown>): Partial<TemplateFields> {
  const repository = isObject(entry["repository"]) ? textIn(entry["repository"]["url"]) : undefined;
  const docs = textIn(entry["websiteUrl"]);
  const isAddress = (text: string | undefined) => text !== undefined && /^https?:\/\/\S+$/.test(text);
  const links = { ...(isAddress(repository) && { repository }), ...(isAddress(docs) && { docs }) };
  return {
    ...(typeof entry["description"] === "string" ? { description: cut(entry["description"], 1000) } : {}),
    ...(Object.keys(links).length === 0 ? {} : { links: links as NonNullable<TemplateFields["links"]> }),
  };
}

function packageFrom(given: Input): Way {
  const { registryType, registryName, identifier, name, version, transport } = given;
  const type = textIn(registryType) ?? textIn(registryName) ?? "";
  const id = textIn(identifier) ?? textIn(name) ?? "";
  const tag = textIn(version);
  const served = isObject(transport) && transport["type"] !== "stdio" && transport["type"] !== undefined;
  const words = createWords();
  const args = words.argumentsFrom(given["packageArguments"]);
  const env = words.valuesFrom(given["environmentVariables"]);
  const rest = () => ({ ...(args.length > 0 && { args }), ...(env.length > 0 && { env }), ...words.declared() });
  const spec = tag === undefined ? id : `${id}@${tag}`;
  if (type === "oci" || type === "docker") return imageFrom(given, id, tag, words, args, env);
  const word = type === "npm" || type === "pypi" ? type : cut(type === "" ? "package" : type, 20);
  const rank = type === "npm" ? 0 : 1;
  if (type !== "npm" && type !== "pypi") return { word, rank: 9, why: `packages of ${word} are not run by mcpctl` };
  if (served) return { word, rank, why: "its package serves HTTP, and mcpctl speaks stdio to packages" };
  if (words.hasSecret()) return { word, rank, why: "it takes a secret as an argument, where everybody reads it" };
  return { word, rank, fields: { packageName: spec, ...(type === "pypi" && { runtime: "python" }), ...rest() } };
}

function remoteFrom(given: Input): Way {
  const type = textIn(given["type"]) ?? textIn(given["transportType"]);
  const word = type === "sse" ? "sse" : "remote";
  const rank = type === "sse" ? 4 : 3;
  const words = createWords();
  const url = words.filledFrom(textIn(given["url"]) ?? "", given["variables"]);
  const headers = words.valuesFrom(given["headers"]);
  if (words.hasSecret()) return { word, rank, why: "it takes a secret in its address, where everybody reads it" };
  return {
    word,
    rank,
    fields: {
      url,
      ...(type === "sse" && { transport: "sse" }),
      ...(headers.length > 0 && { headers }),
      ...words.declared(),
    },
  };
}
