import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultOrigin, readCredentials, writePrivately } from "../lib/credentials-file.ts";
import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import type { Target } from "./client.ts";

/** Saved instances, like a kubeconfig without secrets: `~/.mcpctl/config.json`. Logins lie apart, in `~/.mcpctl/credentials`. */
export type Contexts = { currentContext: string; contexts: Record<string, { url: string }> };

/** @throws Problem `invalid` when the file is there and makes no sense: falling back would talk to another instance than was meant */
export function readContexts(home: string): Contexts {
  const path = join(home, "config.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { currentContext: "local", contexts: { local: { url: defaultOrigin } } };
  }
  try {
    const { currentContext = "local", contexts = {} } = JSON.parse(text) as Partial<Contexts>;
    return { currentContext, contexts: { local: { url: defaultOrigin }, ...contexts } };
  } catch (error) {
    throw new Problem("invalid", `${path} is not valid JSON`, { hint: "mend it or remove it", cause: error });
  }
}

export const writeContexts = (home: string, contexts: Contexts): void =>
  writePrivately(join(home, "config.json"), `${JSON.stringify(contexts, null, 2)}\n`);

export type Choice = { url?: string | undefined; token?: string | undefined; context?: string | undefined };

/**
 * Which instance, and with what: flag, then environment, then the context. A saved login is sent only to the origin it was made for.
 * @throws Problem `invalid` for a context nobody saved, or an address that is none
 */
export function targetOf(choice: Choice, variables: Record<string, string | undefined>, home: string): Target {
  const url = origin(
    choice.url ??
      (choice.context === undefined ? variables["MCPCTL_URL"] : undefined) ??
      urlOfContext(home, choice.context),
  );
  const token = choice.token ?? variables["MCPCTL_TOKEN"] ?? readCredentials(credentialsPath(home))[url]?.token;
  return { url, token };
}

export const credentialsPath = (home: string): string => join(home, "credentials");

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

function urlOfContext(home: string, name: string | undefined): string {
  const { currentContext, contexts } = readContexts(home);
  const wanted = name ?? currentContext;
  const context = contexts[wanted];
  if (context === undefined) {
    throw new Problem("invalid", `there is no context "${wanted}".${didYouMean(wanted, Object.keys(contexts))}`, {
      hint: "mcpctl config view",
    });
  }
  return context.url;
}
