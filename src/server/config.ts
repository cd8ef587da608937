import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Trust } from "../auth/access-token.ts";
import { lifeOf, type TokenPolicy } from "../auth/ttl.ts";
import { socketsOf } from "../instances/container/sockets.ts";
import { proxyVariables } from "../instances/spacious.ts";
import { isLogLevel, type LogLevel } from "../lib/log.ts";
import { didYouMean } from "../lib/nearest.ts";
import { isObject } from "../lib/object.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { allowedHostsOf, allowedOriginsOf } from "./door-settings.ts";
import { oauthOf } from "./oauth-settings.ts";

/** What serve needs to know before it can open its database; all else is data. */
export type Config = {
  host: string;
  port: number;
  dataDir: string;
  /** Where what pipelines made is kept; anybody may delete it while we are stopped. */
  cacheDir: string;
  /** How much of it on disk; 0 keeps it in memory only. */
  cacheMiB: number;
  /** The user's own folder, where the local credential is left for the command line. */
  home: string;
  database: string;
  masterKeyFile: string | undefined;
  credentialsDir: string | undefined;
  log: LogLevel;
  tokens: TokenPolicy;
  /** How long audit events are kept; 0 is for ever. */
  auditRetentionDays: number;
  /** Names by which people reach this machine besides its own (design §6, front door). */
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  /** A proxy of the environment's makes our connections to elsewhere. */
  isProxied: boolean;
  oauth: Trust | undefined;
  /** Of the environment, where programs that the server runs itself find what they need. */
  programs: Readonly<Record<string, string>>;
  /** Where a container engine may be listening, in the order in which they are tried. */
  containerSockets: readonly string[];
};

export type Words = Record<string, string | undefined>;
type Setting = { flag: string; env?: string; fallback?: (home: string) => string };

/** Each setting, in the order flag, environment, file, default (design §4). */
export const settings = {
  host: { flag: "host", env: "MCPCTL_HOST", fallback: () => "127.0.0.1" },
  port: { flag: "port", env: "MCPCTL_PORT", fallback: () => "3200" },
  dataDir: { flag: "data-dir", env: "MCPCTL_DATA_DIR", fallback: (home: string) => join(home, "data") },
  cacheDir: { flag: "cache-dir", env: "MCPCTL_CACHE_DIR" },
  cacheMiB: { flag: "cache-mib", env: "MCPCTL_CACHE_MIB", fallback: () => "256" },
  database: { flag: "database", env: "MCPCTL_DATABASE_URL" },
  masterKeyFile: { flag: "master-key-file", env: "MCPCTL_MASTER_KEY_FILE" },
  log: { flag: "log", env: "MCPCTL_LOG", fallback: () => "info" },
  tokenDefaultTtl: { flag: "token-default-ttl", env: "MCPCTL_TOKEN_DEFAULT_TTL", fallback: () => "90d" },
  tokenMaxTtl: { flag: "token-max-ttl", env: "MCPCTL_TOKEN_MAX_TTL", fallback: () => "never" },
  allowedHosts: { flag: "allowed-hosts", env: "MCPCTL_ALLOWED_HOSTS" },
  allowedOrigins: { flag: "allowed-origins", env: "MCPCTL_ALLOWED_ORIGINS" },
  oauthIssuer: { flag: "oauth-issuer", env: "MCPCTL_OAUTH_ISSUER" },
  oauthAudience: { flag: "oauth-audience", env: "MCPCTL_OAUTH_AUDIENCE" },
  containerSocket: { flag: "container-socket", env: "MCPCTL_CONTAINER_SOCKET" },
  auditRetentionDays: {
    flag: "audit-retention-days",
    env: "MCPCTL_AUDIT_RETENTION_DAYS",
    fallback: () => "365",
  },
} as const satisfies Record<string, Setting>;
/** In the file these two stand in `oauth`, with the rest of it. */
export const notInFile: readonly string[] = ["oauthIssuer", "oauthAudience"];
const fileKeys: readonly string[] = [...Object.keys(settings).filter((key) => !notInFile.includes(key)), "oauth"];

/** @throws Problem `invalid`, naming the setting and where it came from */
export function readConfig(flags: Words, env: Words): Config {
  const home = join(env["HOME"] ?? homedir(), ".mcpctl");
  const file = flags["config"] === undefined ? {} : readFile(flags["config"]);
  const typed = (name: keyof typeof settings): string | undefined => {
    const { flag, env: variable }: Setting = settings[name];
    return flags[flag] ?? (variable === undefined ? undefined : nonEmpty(env[variable]));
  };
  const value = (name: keyof typeof settings): string | undefined => {
    const { fallback }: Setting = settings[name];
    return typed(name) ?? (notInFile.includes(name) ? undefined : asText(file[name])) ?? fallback?.(home);
  };
  const list = (name: "allowedHosts" | "allowedOrigins") => typed(name)?.split(",") ?? listOf(file, name);
  const dataDir = resolve(value("dataDir") ?? "");
  const isElsewhere = typed("dataDir") !== undefined || file["dataDir"] !== undefined;
  const log = value("log") ?? "info";
  if (!isLogLevel(log)) throw new Problem("invalid", "the log level is one of debug, info, warn, error, silent");
  const life = (name: "tokenDefaultTtl" | "tokenMaxTtl") => lifeIn(name, value(name) ?? "");
  return {
    host: value("host") ?? "",
    port: portOf(value("port") ?? ""),
    dataDir,
    cacheDir: resolve(value("cacheDir") ?? join(isElsewhere ? dataDir : home, "cache")),
    cacheMiB: mebibytesOf(value("cacheMiB") ?? ""),
    home,
    database: value("database") ?? `sqlite:${join(dataDir, "mcpctl.db")}`,
    masterKeyFile: value("masterKeyFile"),
    credentialsDir: nonEmpty(env["CREDENTIALS_DIRECTORY"]),
    log,
    tokens: { defaultTtl: life("tokenDefaultTtl"), maxTtl: life("tokenMaxTtl") },
    auditRetentionDays: daysOf(value("auditRetentionDays") ?? ""),
    allowedHosts: allowedHostsOf(list("allowedHosts")),
    allowedOrigins: allowedOriginsOf(list("allowedOrigins")),
    isProxied: proxyVariables.some((name) => nonEmpty(env[name]) !== undefined),
    oauth: oauthOf(file["oauth"], typed("oauthIssuer"), typed("oauthAudience")),
    programs: Object.fromEntries(
      ["PATH", "HOME", "SSH_AUTH_SOCK"].flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
    ),
    containerSockets: socketsOf({
      chosen: containerSocketOf(value("containerSocket")),
      dockerHost: nonEmpty(env["DOCKER_HOST"]),
      runtimeDir: nonEmpty(env["XDG_RUNTIME_DIR"]),
      uid: process.getuid?.(),
    }),
  };
}

function readFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    if (!existsSync(path)) throw new Error("it does not exist");
    value = Bun.YAML.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Problem("invalid", `The configuration ${path} cannot be read: ${messageOf(error)}`);
  }
  if (!isObject(value)) throw new Problem("invalid", `The configuration ${path} is not a mapping of settings`);
  const unknown = Object.keys(value).find((key) => !fileKeys.includes(key));
  if (unknown !== undefined)
    throw new Problem("invalid", `${path}: there is no setting "${unknown}".${didYouMean(unknown, fileKeys)}`);
  return value;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Problem("invalid", "the port is a number from 0 to 65535", { hint: "mcpctl serve --port 3200" });
}

function lifeIn(name: keyof typeof settings, text: string): number | null {
  const life = lifeOf(text);
  if (life !== undefined) return life;
  const { flag, env }: Setting = settings[name];
  throw new Problem("invalid", `the setting ${name} is a time up to ten years, such as 90d, 12h or 45m, or never`, {
    hint: `it is read from --${flag}, ${env} and the configuration file, in this order`,
  });
}

function containerSocketOf(text: string | undefined): string | undefined {
  const path = text?.replace(/^unix:\/\//, "");
  if (path === undefined || path.startsWith("/")) return path;
  throw new Problem("invalid", "the container socket is the absolute path of a socket on this machine", {
    hint: "mcpctl serve --container-socket /run/podman/podman.sock",
  });
}

function daysOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new Problem("invalid", "the audit retention is a whole number of days; 0 keeps everything", {
    hint: "mcpctl serve --audit-retention-days 365",
  });
}

function mebibytesOf(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Problem("invalid", "the size of the cache is a whole number of MiB; 0 keeps it in memory only", {
    hint: "mcpctl serve --cache-mib 256",
  });
}

function listOf(file: Record<string, unknown>, key: "allowedHosts" | "allowedOrigins"): readonly string[] {
  const value = file[key] ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value as string[];
  throw new Problem("invalid", `the setting ${key} is a list of strings`);
}

const nonEmpty = (text: string | undefined) => (text === "" ? undefined : text);
const asText = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : undefined);
