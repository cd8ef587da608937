import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Where } from "../client/clients/client.ts";
import { clientRows } from "../client/clients/index.ts";
import { documentIn } from "../client/import/document.ts";
import type { Reading } from "../client/import/entry.ts";
import { readClientFile } from "../client/import/readers.ts";
import { nameFrom } from "../lib/id.ts";
import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import type { Env } from "./environment.ts";
import { readBounded } from "./registry-file.ts";
import type { Args } from "./verb.ts";

/** What is imported: where it was read, how the project is called unless somebody says otherwise, and the entries. */
export type Source = Reading & { path: string; shape: string; project: string };

const mostBytes = 16 * 1024 * 1024;
/** Nobody means to run more of them at once; a catalogue is imported by names. */
const mostEntries = 100;

/** The file that is named, or that of the client that is. @throws Problem `invalid` */
export async function sourceOf(args: Args, env: Env): Promise<Source> {
  const [word = ""] = args.words;
  const { path, project } = fileOf(word, env);
  const document = documentIn(await readBounded(path, mostBytes, env), path);
  const reading = readClientFile(document, process.cwd());
  if (reading === undefined)
    throw new Problem("invalid", `${path} names no servers in a form that mcpctl knows`, {
      hint: `it has "mcpServers", "servers", "mcp_servers" or "extensions", or is a registry's or Docker's list; docs/import.md`,
    });
  const entries = chosen(reading.entries, args);
  if (entries.length === 0) throw new Problem("invalid", `${path} names no server`);
  if (entries.length > mostEntries)
    throw new Problem("invalid", `${path} names ${entries.length} servers: which of them?`, {
      hint: `mcpctl import ${word} --only NAME --only NAME`,
    });
  return { ...reading, entries, path, project };
}

function chosen(entries: Reading["entries"], args: Args): Reading["entries"] {
  const only = args
    .flags("only")
    .flatMap((names) => names.split(","))
    .map((name) => name.trim());
  if (only.length === 0) return entries;
  const names = entries.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Problem("invalid", `there is no server "${unknown}" in it.${didYouMean(unknown, names)}`);
  return entries.filter(({ name }) => only.includes(name));
}

function fileOf(word: string, env: Env): { path: string; project: string } {
  if (word === "-") return { path: word, project: "imported" };
  if (isFile(word) || /[./\\]/.test(word))
    return { path: word, project: nameFrom(basename(word).replace(/\.(?:jsonc?|toml|ya?ml)$/i, "")) };
  const row = clientRows.find(({ id, aliases = [], file }) => file !== undefined && [id, ...aliases].includes(word));
  if (row === undefined) {
    const known = clientRows.flatMap(({ id, file }) => (file === undefined ? [] : [id]));
    throw new Problem("invalid", `"${word}" is no file and no client.${didYouMean(word, known)}`, {
      hint: `clients: ${known.join(", ")}`,
    });
  }
  const where: Where = {
    home: env.variables["HOME"] ?? dirname(env.home),
    folder: process.cwd(),
    variables: env.variables,
    platform: process.platform,
  };
  const paths = [...(row.file?.project?.(where) ?? []), ...(row.file?.user?.(where) ?? [])];
  const path = paths.find(isFile);
  if (path !== undefined) return { path, project: row.id };
  throw new Problem("invalid", `${row.title} has no file here`, { hint: `looked at ${paths.join(" and ")}` });
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
