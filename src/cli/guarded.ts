import type { Env } from "./environment.ts";

/** Colours, weights and their ends, as we write them; what conceals, blinks or moves is nobody's. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: to be kept, they must be named.
const steering = /\u001b\[(?:0|1|2|22|3[0-79]|9[0-7])m|[\p{Cc}\p{Cf}]/gu;

/** The last guard before a terminal, for what a command forgot to make harmless: only lines, tabs and colours pass. */
const harmless = (text: string): string =>
  text.replace(steering, (sign) => (sign.length > 1 || sign === "\n" || sign === "\t" ? sign : "\ufffd"));

/**
 * What a command is given: nothing that it prints steers a terminal, and it is known who answered it last. Programs that read standard output
 * get it as it is.
 */
export function guarded(env: Env): Env {
  let last: string | undefined;
  // Not copied: what is asked for only when needed stays so.
  const own: Env = Object.create(env);
  own.out = (text) => env.out(env.isTerminal ? harmless(text) : text);
  own.err = (text) => env.err(harmless(text));
  own.fetch = async (request, options) => {
    const response = await env.fetch(request, options);
    last = new URL(request.url).origin;
    return response;
  };
  own.answeredBy = () => last;
  return own;
}
