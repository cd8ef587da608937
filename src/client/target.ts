import { readFileSync } from "node:fs";
import { Problem } from "../lib/problem.ts";
import type { Target, Tls } from "./client.ts";
import { type Config, type Context, contextNamed, origin, readConfig } from "./contexts.ts";
import type { Keyring } from "./keyring.ts";
import { savedLogin } from "./logins.ts";

/** What a command line says of the instance it is about. */
export type Choice = {
  url?: string | undefined;
  token?: string | undefined;
  context?: string | undefined;
  ca?: string | undefined;
  insecure?: boolean;
};
type Variables = Record<string, string | undefined>;

/**
 * Which instance, and with what: flag, then environment, then the context. A saved login is sent only to the origin it was made for.
 * @throws Problem `invalid` for a context nobody saved, an address that is none, or an authority's file that holds none
 */
export function targetOf(choice: Choice, variables: Variables, home: string, keyring?: Keyring): Target {
  const context = contextOf(choice, variables, home);
  const url = origin(context.url);
  const given = choice.token ?? variables["MCPCTL_TOKEN"];
  return {
    url,
    ...(given === undefined ? savedLogin({ home, keyring }, url) : { token: given }),
    tls: url.startsWith("https:") ? tlsOf(choice, context, variables) : undefined,
    proxy: proxyOf(url, variables),
  };
}

/** The context that a command line means; an address that nobody saved is one without a project or an authority. */
export function contextOf({ url, context }: Choice, variables: Variables, home: string): Context {
  const address = url ?? (context === undefined ? variables["MCPCTL_URL"] : undefined);
  const config = readConfig(home);
  if (address !== undefined) return knownAt(config, origin(address)) ?? { url: address };
  return contextNamed(config.contexts, context ?? variables["MCPCTL_CONTEXT"] ?? config.currentContext);
}

/** Of several contexts of one address the current one comes first. */
function knownAt({ currentContext, contexts }: Config, url: string): Context | undefined {
  const current = Object.hasOwn(contexts, currentContext) ? contexts[currentContext] : undefined;
  return [current, ...Object.values(contexts)].find((context) => context?.url === url);
}

function tlsOf({ ca, insecure }: Choice, context: Context, variables: Variables): Tls | undefined {
  if (insecure === true) return { rejectUnauthorized: false };
  const file = ca ?? variables["MCPCTL_CA_FILE"];
  if (file !== undefined) return { ca: authority(file) };
  if (context.insecureSkipVerify === true) return { rejectUnauthorized: false };
  return context.ca === undefined ? undefined : { ca: authority(context.ca) };
}

/** The certificates of a PEM file. @throws Problem `invalid` */
export function authority(path: string): string {
  const refused = (what: string, cause?: unknown) =>
    new Problem("invalid", `${path} ${what}`, {
      hint: "--ca takes a PEM file with the certificate of the authority",
      cause,
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw refused("cannot be read", error);
  }
  if (/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(text)) return text;
  throw refused("holds no certificate");
}

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;
export const isLoopback = (url: string): boolean => loopback.test(new URL(url).hostname);

/** A proxy is never asked for this machine: what it is sent holds our bearer. */
function proxyOf(url: string, variables: Variables): string | undefined {
  if (isLoopback(url)) return undefined;
  const name = url.startsWith("https:") ? "HTTPS_PROXY" : "HTTP_PROXY";
  return [name, name.toLowerCase()].find((variable) => (variables[variable] ?? "") !== "");
}
