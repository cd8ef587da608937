import type { Env } from "../src/cli/environment.ts";

/** What a command may touch, in a test: nothing that is there, and nobody who answers, but for what is given. */
export const envWith = (given: Partial<Env>): Env => ({
  out: () => {},
  err: () => {},
  isTerminal: false,
  isInteractive: false,
  variables: {},
  now: () => 0,
  home: "/nonexistent",
  readFile: async () => "",
  readInput: async () => "",
  input: async function* () {},
  say: async (line) => given.out?.(line),
  ask: async () => "",
  edit: async () => 0,
  fetch: async () => new Response(null, { status: 500 }),
  ...given,
});
