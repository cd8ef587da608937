import type { Trust } from "../auth/access-token.ts";
import { Problem } from "../lib/problem.ts";

const keys = ["issuer", "audience", "jwksUrl", "subjectClaim", "resource", "scopes"];

/** What stands in the file; an issuer and an audience that were typed go before. @throws Problem `invalid`, naming the setting */
export function oauthOf(file: unknown, typedIssuer?: string, typedAudience?: string): Trust | undefined {
  if (file === undefined && typedIssuer === undefined && typedAudience === undefined) return undefined;
  const given = file ?? {};
  if (typeof given !== "object" || Array.isArray(given)) throw wrong("oauth", "is a mapping");
  const setting: Record<string, unknown> = { ...given };
  if (typedIssuer !== undefined) setting["issuer"] = typedIssuer;
  if (typedAudience !== undefined) setting["audience"] = typedAudience;
  const unknown = Object.keys(setting).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw wrong("oauth", `takes ${keys.join(", ")}`);
  const text = (key: string): string | undefined => {
    const value = setting[key];
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    throw wrong(`oauth.${key}`, "is a text");
  };
  const [issuer, audience, jwksUrl, resource] = ["issuer", "audience", "jwksUrl", "resource"].map(text);
  if (issuer === undefined) throw wrong("oauth.issuer", "is missing");
  if (audience === undefined)
    throw wrong("oauth.audience", "is missing: without it tokens for other programs would open this one");
  for (const [key, url] of Object.entries({ issuer, jwksUrl, resource })) if (url !== undefined) checkUrl(key, url);
  return {
    issuer,
    audience,
    jwksUrl,
    subjectClaim: text("subjectClaim") ?? "email",
    resource: resource?.replace(/\/+$/, ""),
    scopes: scopesOf(setting["scopes"] ?? []),
  };
}

function scopesOf(value: unknown): readonly string[] {
  const isScope = (item: unknown) => typeof item === "string" && /^[!#-[\]-~]+$/.test(item);
  if (Array.isArray(value) && value.every(isScope)) return value as string[];
  throw wrong("oauth.scopes", "is a list of scopes");
}

function checkUrl(key: string, text: string): void {
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (!isPlain) throw wrong(`oauth.${key}`, "is a URL without user, query and fragment");
  if (key !== "resource" && !isTrusted(url)) throw wrong(`oauth.${key}`, "begins with https://, or is on this machine");
  if (!/^https?:$/.test(url.protocol)) throw wrong(`oauth.${key}`, "begins with https:// or http://");
}

/** What keys are read from cannot be changed on the way. */
const isTrusted = ({ protocol, hostname }: URL): boolean =>
  protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname));

const wrong = (key: string, what: string) =>
  new Problem("invalid", `the setting ${key} ${what}`, { hint: "docs/oauth.md has an example" });
