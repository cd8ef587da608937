import { freeName, nameFrom } from "../../lib/id.ts";
import { parseSpec } from "../../lib/package-spec.ts";
import { Problem } from "../../lib/problem.ts";
import { looksLikeKey, namesSecret, ownToken } from "../../lib/secret-shapes.ts";
import { parseManifest } from "../../resources/parse.ts";
import { Server } from "../../resources/server.ts";
import type { Entry, Input } from "./entry.ts";
import { referencesOf, resolvedEntry, type Values } from "./references.ts";
import { plainTexts, type Ran, runOf } from "./run-line.ts";

/** A server that is made of an entry, and the secret that it reads its keys from. */
export type Planned = {
  /** What it was called where it stood. */
  from: string;
  name: string;
  server: Record<string, unknown>;
  /** Its values are keys: they are shown to nobody. */
  secret?: { name: string; data: Record<string, string> } | undefined;
  allow?: string[] | undefined;
  deny?: string[] | undefined;
  /** What is worth knowing, such as what is not carried over. */
  notes: string[];
};
export type Skipped = { from: string; why: string };
export type Plan = { planned: Planned[]; skipped: Skipped[] };

export type Choice = {
  /** What references stand for. */
  values: Values;
  inputs: Readonly<Record<string, Input>>;
  /** Stands before each name. */
  prefix: string;
  /** The address of the instance that it is for: entries that lead there are its own clients. */
  origin: string;
};

/** What still has to be said before these entries can be made: each once, with what is told of it. */
export function neededFor(entries: readonly Entry[], { inputs, values, origin }: Omit<Choice, "prefix">) {
  const needed = new Map<string, { name: string; for: string[]; description?: string | undefined; secret: boolean }>();
  for (const entry of entries) {
    if (entry.unfit !== undefined || isOurs(entry, origin)) continue;
    for (const { name, needed: isNeeded } of referencesOf(entry)) {
      if (!isNeeded || values.has(name)) continue;
      const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
      const known = needed.get(name) ?? {
        name,
        for: [],
        description: input?.description,
        secret: input?.secret ?? namesSecret(name),
      };
      needed.set(name, { ...known, for: [...known.for, entry.name] });
    }
  }
  return [...needed.values()];
}

/** What becomes of each entry. Nothing that looks like a key gets into a server: it lies in a secret, or the entry is left out and says so. */
export function planOf(entries: readonly Entry[], choice: Choice): Plan {
  const taken = new Set<string>();
  const planned: Planned[] = [];
  const skipped: Skipped[] = [];
  for (const entry of entries) {
    const made = plannedOf(entry, choice, taken);
    if (typeof made === "string") skipped.push({ from: entry.name, why: made });
    else planned.push(made);
  }
  return { planned, skipped };
}

function plannedOf(entry: Entry, choice: Choice, taken: Set<string>): Planned | string {
  if (isOurs(entry, choice.origin)) return "it is mcpctl itself";
  if (entry.unfit !== undefined) return entry.unfit;
  const hidden = hiddenNames(entry, choice.inputs);
  const ran = withoutUserinfo(runOf(resolvedEntry(entry, choice.values)));
  const name = freeName(nameFrom(choice.prefix + entry.name), taken);
  const data = new Map<string, string>();
  const valued = (values: Record<string, string>) =>
    Object.entries(values).map(([word, value]) => {
      if (!hidden.has(word) && !isKey(word, value)) return { name: word, value };
      const key = keyName(word, data);
      data.set(key, value);
      return { name: word, valueFrom: { secretRef: { name, key } } };
    });
  const env = valued(ran.env);
  const headers = valued(ran.headers);
  const server = {
    kind: "server",
    name,
    ...(entry.description === undefined ? {} : { description: entry.description.slice(0, 1024) }),
    ...ran.fields,
    ...(env.length > 0 && { env }),
    ...(headers.length > 0 && { headers }),
  };
  const why = whyNot(server, ran, secretsOf(entry, choice));
  if (why !== undefined) {
    taken.delete(name);
    return why;
  }
  return {
    from: entry.name,
    name,
    server,
    secret: data.size === 0 ? undefined : { name, data: Object.fromEntries(data) },
    allow: entry.allow,
    deny: entry.deny,
    notes: notesOf(ran),
  };
}

/** Values of references that are secrets, by their input or their name: wherever an entry puts them they stay that. */
const secretsOf = (entry: Entry, { inputs, values }: Choice): string[] =>
  referencesOf(entry).flatMap(({ name }) => {
    const value = values.get(name);
    const isSecret = (Object.hasOwn(inputs, name) && inputs[name]?.secret === true) || namesSecret(name);
    return isSecret && value !== undefined && !isHarmless(value) ? [value] : [];
  });

/** Why a server cannot be made so. */
function whyNot(server: Record<string, unknown>, { fields }: Ran, secrets: readonly string[]): string | undefined {
  const { kind: _kind, name: _name, env: _env, headers: _headers, ...shown } = server;
  const words = plainTexts(fields);
  const named = words.find((word, at) => isSecretFlag(word, words[at + 1]));
  const isOpen = (text: string) => looksLikeKey(text) || secrets.some((secret) => text.includes(secret));
  if (named !== undefined || plainTexts(shown).some(isOpen))
    return "its command or address holds what looks like a key, which everybody would read in a server: give it by a variable or a header";
  try {
    parseManifest(Server, server);
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [first] = error.fields ?? [];
    return first === undefined ? error.message : `${first.path === "" ? "" : `${first.path} `}${first.message}`;
  }
}

/** `--api-key VALUE` and `--api-key=VALUE`: a key however it looks. */
function isSecretFlag(word: string, next: string | undefined): boolean {
  const [flag = "", value] = word.split(/=(.*)/s);
  if (!/^--?[A-Za-z]/.test(flag) || !namesSecret(flag)) return false;
  const given = value ?? (next?.startsWith("-") === true ? undefined : next);
  return given !== undefined && !isHarmless(given);
}

/** A switch, a number, a place: nothing that opens something, whatever it is called. */
const isHarmless = (value: string): boolean =>
  /^(?:|true|false|yes|no|on|off|none|null|\d{1,6}|(?:~|\.{1,2})?\/[^\s]*|[A-Za-z]:\\.*)$/i.test(value);

const isKey = (name: string, value: string): boolean =>
  looksLikeKey(value) || (namesSecret(name) && (!isHarmless(value) || /pass|secret/i.test(name)) && value !== "");

/** Names of variables and headers that a reference to a hidden input stands in. */
function hiddenNames({ env, headers }: Entry, inputs: Choice["inputs"]): Set<string> {
  const secret = Object.entries(inputs).flatMap(([name, input]) => (input.secret ? [name] : []));
  const refers = (text: string) => secret.some((name) => text.includes(`{${name}}`) || text.includes(`:${name}}`));
  return new Set(
    [...Object.entries(env), ...Object.entries(headers)].flatMap(([name, text]) => (refers(text) ? [name] : [])),
  );
}

/** The key of a secret that a variable or header is kept under. Headers may hold signs that keys may not, and then two become one. */
function keyName(word: string, taken: ReadonlyMap<string, string>): string {
  const wanted = word.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 120);
  let key = wanted;
  for (let n = 2; taken.has(key); n++) key = `${wanted}_${n}`;
  return key;
}

/** `https://user:password@host` logs in by a header. */
function withoutUserinfo(ran: Ran): Ran {
  const { url } = ran.fields;
  if (typeof url !== "string" || !URL.canParse(url)) return ran;
  const { username, password, host, protocol, pathname, search } = new URL(url);
  if (username === "" && password === "") return ran;
  const login = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return {
    ...ran,
    fields: { ...ran.fields, url: `${protocol}//${host}${pathname}${search}` },
    headers: { Authorization: `Basic ${login}`, ...ran.headers },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Our own bridge, gateway or token: a client of mcpctl is no server of it. */
function isOurs({ command = "", args, url = "", env, headers }: Entry, origin: string): boolean {
  const program = command.split(/[\\/]/).at(-1) ?? "";
  if (/^mcpctl(?:\.exe)?$/.test(program) && args[0] === "mcp") return true;
  const texts = [url, ...args, ...Object.values(env), ...Object.values(headers)];
  if (texts.some((text) => text.search(ownToken) >= 0)) return true;
  return [url, ...args].some((text) => text.startsWith(`${origin}/`) && /\/(?:mcp|sse)(?:$|[/?#])/.test(text));
}

function notesOf({ fields, lost }: Ran): string[] {
  const { packageName, runtime, command } = fields;
  const isLoose = typeof packageName === "string" && parseSpec(packageName).version === "latest";
  return [
    ...(isLoose
      ? [
          `${runtime === "python" ? "PyPI's" : "npm's"} newest version at its first start, and that one from then on: no version is said`,
        ]
      : []),
    ...(command === undefined ? [] : ["its program must be on the machine that runs mcpctl serve"]),
    ...(lost.length === 0 ? [] : [`not carried over: ${lost.join(", ")}`]),
  ];
}
