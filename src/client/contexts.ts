import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultOrigin } from "../lib/credentials-file.ts";
import { didYouMean } from "../lib/nearest.ts";
import { isObject } from "../lib/object.ts";
import { Problem } from "../lib/problem.ts";
import { writePrivately } from "../lib/whole-file.ts";
import { type Settings, settingsFrom } from "./settings.ts";

/** What is known of an instance, and how it is talked to. `ca` is the file of an authority that signs its certificate. */
export type Context = { url: string; project?: string; ca?: string; insecureSkipVerify?: boolean };

/** What this command line remembers, like a kubeconfig without secrets: `~/.mcpctl/config.json`. Logins lie apart. */
export type Config = { currentContext: string; contexts: Record<string, Context>; settings: Settings };

export const configPath = (home: string): string => join(home, "config.json");

/** The context that is always there: what `mcpctl serve` on this machine listens on. */
export const localContext = "local";
const local = { [localContext]: { url: defaultOrigin } };

/** @throws Problem `invalid` when the file is there and makes no sense: falling back would talk to another instance than was meant */
export function readConfig(home: string): Config {
  let text: string;
  try {
    text = readFileSync(configPath(home), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw broken(home, "cannot be read", error);
    return { currentContext: localContext, contexts: local, settings: {} };
  }
  const config = parsed(home, text);
  const { currentContext = localContext, contexts = {}, settings = {} } = config;
  if (typeof currentContext !== "string" || !isObject(contexts) || !isObject(settings))
    throw broken(home, "is not what mcpctl writes");
  const known = Object.entries(contexts).map(([name, context]) => [name, contextFrom(home, name, context)] as const);
  return { currentContext, contexts: { ...local, ...Object.fromEntries(known) }, settings: settingsFrom(settings) };
}

function parsed(home: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(home, "is not valid JSON", error);
  }
  if (!isObject(value)) throw broken(home, "is not what mcpctl writes");
  return value;
}

function contextFrom(home: string, name: string, value: unknown): Context {
  const { url, project, ca, insecureSkipVerify } = isObject(value) ? value : {};
  if (typeof url !== "string" || !URL.canParse(url)) throw broken(home, `has no URL for the context "${name}"`);
  return {
    url,
    ...(typeof project === "string" && { project }),
    ...(typeof ca === "string" && { ca }),
    ...(insecureSkipVerify === true && { insecureSkipVerify }),
  };
}

const broken = (home: string, what: string, cause?: unknown) =>
  new Problem("invalid", `${configPath(home)} ${what}`, { hint: "mend it or remove it; logins lie elsewhere", cause });

export const writeConfig = (home: string, config: Config): void =>
  writePrivately(configPath(home), `${JSON.stringify(config, null, 2)}\n`);

/** @throws Problem `invalid` with the nearest name */
export function contextNamed(contexts: Config["contexts"], name: string): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  throw new Problem("invalid", `there is no context "${name}".${didYouMean(name, Object.keys(contexts))}`, {
    hint: "mcpctl context list",
  });
}

/** @throws Problem `invalid` for what would be a riddle in a command line */
export function contextName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) return name;
  throw new Problem("invalid", "a context is named with letters, digits, dots, dashes and underscores, at most 63", {
    hint: "mcpctl login URL --name NAME",
  });
}

/** @throws Problem `invalid` */
export function origin(url: string): string {
  try {
    const { protocol, origin } = new URL(url);
    if (protocol === "http:" || protocol === "https:") return origin;
  } catch {
    // Said below.
  }
  throw new Problem("invalid", "the URL is not one of http or https", {
    hint: `write it whole, such as ${defaultOrigin}`,
  });
}
