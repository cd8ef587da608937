/** Structured log lines on standard error: readable on a terminal, JSON for machines, secrets blotted out by key and by shape. */
export type LogFields = Record<string, unknown>;
export type Log = {
  debug: (message: string, fields?: LogFields) => void;
  info: (message: string, fields?: LogFields) => void;
  warn: (message: string, fields?: LogFields) => void;
  error: (message: string, fields?: LogFields) => void;
};

const levels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof levels)[number];
export const isLogLevel = (word: string): word is LogLevel => (levels as readonly string[]).includes(word);

const secretKey = /authorization|password|secret|token|cookie|apikey|api_key|credential/i;
// Whatever stands before: `files__mcpctl_pat_…` is a tool's name that somebody put a token into.
const secretShape = /mcpctl_(?:pat|ses)_[0-9A-Za-z]+/g;

/** Our own bearers never reach a log, an error text or a problem body, whatever road they come by. */
export const redact = (text: string): string => text.replace(secretShape, (match) => `${match.slice(0, 11)}…`);

export function createLog(
  write: (line: string) => void,
  level: LogLevel,
  pretty: () => boolean,
  now: () => number,
): Log {
  const at =
    (name: Exclude<LogLevel, "silent">) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(name) < levels.indexOf(level)) return;
      const clean = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, cleanValue(key, value)]));
      const time = new Date(now()).toISOString();
      write(
        pretty()
          ? prettyLine(time, name, redact(message), clean)
          : JSON.stringify({ time, level: name, message: redact(message), ...clean }),
      );
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function cleanValue(key: string, value: unknown): unknown {
  if (secretKey.test(key)) return "[redacted]";
  if (value instanceof Error) return redact(value.message);
  return typeof value === "string" ? redact(value) : value;
}

function prettyLine(time: string, level: string, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [time.slice(11, 19), level.padEnd(5), message, ...pairs].join(" ");
}
