import { isObject } from "../../lib/object.ts";
import { imageOf } from "./docker-line.ts";
import type { Entry } from "./entry.ts";

/** What of a server's fields a command line comes to, and what of it does not come along. */
export type Ran = {
  fields: Record<string, unknown>;
  env: Record<string, string>;
  headers: Record<string, string>;
  lost: string[];
};

/** Servers run by `npx`, `uvx`, `docker run` and the like are ours to run by themselves; all else is a command. */
export function runOf(entry: Entry): Ran {
  const { url, transport, env, headers, lost, cwd, fields } = entry;
  if (fields !== undefined) return { fields, env, headers, lost };
  if (url !== undefined) return { fields: { url, transport: transport ?? "http" }, env: {}, headers, lost };
  const [program = "", ...args] = unwrapped([entry.command ?? "", ...entry.args]);
  const name = programName(program);
  const rest = { env, headers, lost };
  const way = ways.find(({ programs }) => programs.includes(name))?.read(args, name);
  if (way?.remote !== undefined) return bridged(way.remote, entry);
  if (way?.fields !== undefined) {
    const inFolder = cwd === undefined ? {} : { cwd };
    return { ...rest, fields: { ...way.fields, ...inFolder } };
  }
  const image = name === "docker" || name === "podman" ? imageOf(args, env) : undefined;
  if (image !== undefined) return { ...rest, ...image, headers };
  return { ...rest, fields: { command: [program, ...args], ...(cwd === undefined ? {} : { cwd }) } };
}

const programName = (program: string): string =>
  (program.split(/[\\/]/).at(-1) ?? "").replace(/\.(?:exe|cmd|bat|ps1)$/i, "").toLowerCase();

/** On Windows clients start programs through `cmd /c`. */
const unwrapped = (words: string[]): string[] =>
  programName(words[0] ?? "") === "cmd" && /^\/c$/i.test(words[1] ?? "") ? words.slice(2) : words;

type Way = { fields?: Record<string, unknown>; remote?: string[] };

/** Programs that fetch a package and run it. */
const ways: readonly { programs: string[]; read: (args: string[], program: string) => Way | undefined }[] = [
  { programs: ["npx", "bunx", "pnpx"], read: (args) => nodePackage(args) },
  { programs: ["npm"], read: (args) => (/^(exec|x)$/.test(args[0] ?? "") ? nodePackage(args.slice(1)) : undefined) },
  { programs: ["pnpm", "yarn"], read: (args) => (args[0] === "dlx" ? nodePackage(args.slice(1)) : undefined) },
  { programs: ["bun"], read: (args) => (args[0] === "x" ? nodePackage(args.slice(1)) : undefined) },
  { programs: ["uvx"], read: (args) => pythonPackage(args) },
  {
    programs: ["uv"],
    read: (args) => (args[0] === "tool" && args[1] === "run" ? pythonPackage(args.slice(2)) : undefined),
  },
  { programs: ["pipx"], read: (args) => (args[0] === "run" ? pythonPackage(args.slice(1)) : undefined) },
  { programs: ["mcp-remote"], read: (args) => ({ remote: args }) },
];

const quiet = new Set([
  "-y",
  "--yes",
  "-q",
  "--quiet",
  "--silent",
  "--prefer-online",
  "--prefer-offline",
  "--bun",
  "--",
]);

function nodePackage(args: readonly string[]): Way | undefined {
  let at = 0;
  let named: string | undefined;
  for (; (args[at] ?? "").startsWith("-"); at++) {
    const word = args[at] ?? "";
    if (word === "-p" || word === "--package") named = args[++at];
    else if (word.startsWith("--package=")) named = word.slice("--package=".length);
    else if (!quiet.has(word)) return undefined;
  }
  const [program, ...rest] = args.slice(at);
  if (program === undefined) return undefined;
  const spec = named ?? program;
  if (packageOf(spec) === "mcp-remote") return { remote: rest };
  // A package is run by its own program; another of its programs is not ours to choose.
  if (named !== undefined && packageOf(named).split("/").at(-1) !== packageOf(program).split("/").at(-1))
    return undefined;
  if (!/^(@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*(@[\^~]?[A-Za-z0-9][A-Za-z0-9._+-]*)?$/.test(spec))
    return undefined;
  return { fields: { packageName: spec, ...(rest.length > 0 && { args: rest }) } };
}

const packageOf = (spec: string): string => spec.replace(/(?<=.)@.*$/, "");

function pythonPackage(args: readonly string[]): Way | undefined {
  const [first = "", second = "", third = "", ...more] = args;
  const isFrom = first === "--from" || first === "--spec";
  const joined = /^--(?:from|spec)=(.*)$/.exec(first)?.[1];
  const [spec, program, rest] = isFrom
    ? [second, third, more]
    : joined !== undefined
      ? [joined, second, args.slice(2)]
      : [first, first, args.slice(1)];
  const [, name, version] = /^([a-z0-9][a-z0-9._-]*)(?:(?:==|@)([A-Za-z0-9][\w.+-]*))?$/.exec(spec) ?? [];
  if (name === undefined || program.replace(/(?:==|@).*$/, "") !== name) return undefined;
  const packageName = version === undefined ? name : `${name}@${version}`;
  return { fields: { packageName, runtime: "python", ...(rest.length > 0 && { args: [...rest] }) } };
}

/** `mcp-remote URL --header 'Name:value'` is a server by its address: no bridge is needed. */
function bridged(args: readonly string[], { env, lost }: Entry): Ran {
  const own = (text: string) =>
    text.replace(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) =>
      Object.hasOwn(env, name) ? (env[name] ?? whole) : whole,
    );
  const headers: Record<string, string> = {};
  const dropped: string[] = [];
  let transport = "http";
  const url = args.find((word) => /^https?:/.test(word)) ?? "";
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--header") {
      const [name = "", value = ""] = (args[++at] ?? "").split(/:(.*)/s);
      headers[name.trim()] = own(value.trim());
    } else if (word === "--transport") transport = /^sse/.test(args[++at] ?? "") ? "sse" : "http";
    else if (word !== url && !/^(?:--allow-http|\d+)$/.test(word)) dropped.push(word.slice(0, 40));
  }
  return { fields: { url, transport }, env: {}, headers, lost: [...lost, ...dropped] };
}

/** What a server's manifest holds in plain sight: all its words but the names of variables. */
export const plainTexts = (fields: Record<string, unknown>): string[] =>
  Object.entries(fields).flatMap(([field, value]) => (field === "image" ? [] : textsIn(value)));

const textsIn = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : Array.isArray(value)
      ? value.flatMap(textsIn)
      : isObject(value)
        ? Object.values(value).flatMap(textsIn)
        : [];
