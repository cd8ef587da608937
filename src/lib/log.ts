import { printable } from "./printable.ts";
import { carriers, ownToken, secretWords } from "./secret-shapes.ts";

/** Structured log lines on standard error: readable on a terminal, JSON for machines, secrets blotted out by key and by shape. */
export type LogFields = Record<string, unknown>;
export type Log = {
  debug: (message: string, fields?: LogFields) => void;
  info: (message: string, fields?: LogFields) => void;
  warn: (message: string, fields?: LogFields) => void;
  error: (message: string, fields?: LogFields) => void;
};

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];
export const isLogLevel = (word: unknown): word is LogLevel => (logLevels as readonly unknown[]).includes(word);

/** A log whose level may be changed while it is written, and which learns of secrets that no shape tells. */
export type LevelledLog = Log & {
  level: () => LogLevel;
  setLevel: (level: LogLevel) => void;
  hide: (blot: Blot) => void;
};
type Blot = (text: string, most: number) => string;

const secretKey = /authorization|passw|secret|token|cookie|apikey|api_key|api-key|credential/i;

/** Our own bearers never reach a log, an error text or a problem body, whatever road they come by. */
export const redact = (text: string): string => text.replace(ownToken, (match) => `${match.slice(0, 11)}…`);

export function createLog(
  write: (line: string) => void,
  initial: LogLevel,
  pretty: () => boolean,
  now: () => number,
): LevelledLog {
  let level = initial;
  let blot: Blot = (text, most) => text.slice(0, most);
  const clean = (text: string) => {
    const rest = withoutShapes(blot(text, longestText));
    return text.length > longestText ? `${rest}…` : rest;
  };
  const at =
    (name: Exclude<LogLevel, "silent">) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(name) < logLevels.indexOf(level)) return;
      const told = withoutSecrets(fields, clean);
      const time = new Date(now()).toISOString();
      write(
        pretty()
          ? prettyLine(time, name, clean(message), told)
          : JSON.stringify({ time, level: name, message: clean(message), ...told }),
      );
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    level: () => level,
    setLevel: (next) => {
      level = next;
    },
    hide: (next) => {
      blot = next;
    },
  };
}

/** `token=…` as people and programs write it within other text. Never quadratic in the text. */
const named = new RegExp(`(?<![\\w-])(?=[\\w-]*(?:${secretWords}))([\\w-]+=)[^\\s&]+`, "gi");
const shapes = [...carriers, named];
const longestText = 8 * 1024;

const withoutShapes = (text: string): string =>
  shapes.reduce((rest, shape) => rest.replace(shape, (...match: unknown[]) => `${keptOf(match)}…`), redact(text));

/** A match's groups, which stand before the secret; behind them comes where it was. */
const keptOf = (match: readonly unknown[]): string =>
  match
    .slice(
      1,
      match.findIndex((part) => typeof part === "number"),
    )
    .join("");

const deepest = 6;
const mostValues = 500;

/** Fields as they may be written: secrets gone at any depth, and within bounds whatever was given. */
function withoutSecrets(fields: LogFields, cleanText: (text: string) => string): LogFields {
  let left = mostValues;

  function clean(value: unknown, depth: number): unknown {
    if (left-- <= 0 || depth > deepest) return "…";
    if (typeof value === "string") return cleanText(value);
    if (typeof value === "bigint") return String(value);
    if (value instanceof Error) return cleanText(value.message);
    if (value instanceof Date) return value.toISOString();
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (Array.isArray(value)) return value.slice(0, mostValues).map((inner) => clean(inner, depth + 1));
    if (typeof value !== "object" || value === null) return value;
    // `{name: API_TOKEN, value: …}`, as variables and headers are written.
    const name = (value as { name?: unknown }).name;
    const isNamed = typeof name === "string" && secretKey.test(name);
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, mostValues)
        .map(([key, inner]) => [
          cleanText(key),
          secretKey.test(key) || (isNamed && key === "value") ? "[redacted]" : clean(inner, depth + 1),
        ]),
    );
  }
  return clean(fields, 0) as LogFields;
}

function prettyLine(time: string, level: string, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  // Reasons hold what servers said: nothing of it may steer the terminal, or look like a line of ours.
  return printable([time.slice(11, 19), level.padEnd(5), message, ...pairs].join(" "), true).replaceAll("\n", "\n    ");
}
