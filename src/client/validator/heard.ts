import { type Exchange, errorOf } from "./exchange.ts";

/** The first that was heard of what no answer may hold; how it was said, never the secret itself. */
export type Heard = { echo: string | undefined; trace: string | undefined };

/** Where a stack or a folder shows. Anchored by what stands before a path, so that a URL's own path is none. */
const traces = [
  /\bat .{1,80} \((?:file:\/\/)?\/[^()\s]{1,120}:\d{1,6}:\d{1,6}\)/,
  /\bTraceback \(most recent call last\)/,
  /\bFile "[^"]{1,120}", line \d{1,6}/,
  /\bgoroutine \d{1,6} \[/,
  /\bat [\w.$]{1,80}\([\w]{1,40}\.java:\d{1,6}\)/,
  /(?:^|[\s"'(=])\/(?:home|root|usr|app|var|opt|Users)\/[\w.@-]{1,60}\/[\w./@-]{1,120}/,
  /\b[A-Z]:\\(?:Users|Program Files)\\[\w\\. -]{1,120}/,
] as const;

const shortest = 8;

/** Listens to every answer, and keeps only what it is about. */
export function listener(secrets: readonly string[]): { heard: Heard; hear: (answer: Exchange, what: string) => void } {
  const heard: Heard = { echo: undefined, trace: undefined };
  const known = secrets.flatMap((secret) => secret.split(/\s+/)).filter(({ length }) => length >= shortest);
  return {
    heard,
    hear(answer, what) {
      heard.echo ??= echoIn(answer, known, what);
      heard.trace ??= traceIn(answer, what);
    },
  };
}

export function echoIn(
  { status, headers, text }: Exchange,
  secrets: readonly string[],
  what: string,
): string | undefined {
  const inHeader = [...headers].find(([, value]) => secrets.some((secret) => value.includes(secret)))?.[0];
  if (inHeader !== undefined) return `after ${what}: HTTP ${status}, in the header ${inHeader}`;
  return secrets.some((secret) => text.includes(secret)) ? `after ${what}: HTTP ${status}, in the body` : undefined;
}

/** Only errors are looked at: what a tool is about may well have paths. */
export function traceIn(answer: Exchange, what: string): string | undefined {
  const error = errorOf(answer);
  const text = answer.status >= 400 ? answer.text : error === undefined ? "" : JSON.stringify(error);
  // Within JSON a trace has its quotes and line breaks escaped.
  const plain = text.replaceAll('\\"', '"').replaceAll("\\n", "\n");
  const found = traces.map((trace) => trace.exec(plain)?.[0]).find(Boolean);
  return found && `after ${what}: HTTP ${answer.status}, "${found.trim().slice(0, 160)}"`;
}
