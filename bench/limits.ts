import type { Limit } from "./verdict.ts";

/**
 * CPU of mcpctl at most, as a multiple of the floor's in the same run: what CI refuses to see doubled. A little under twice what `bun run bench:gate` saw on an
 * idle machine (2.0 to 2.4, 3.6 to 4.3, 2.4 to 3.2, 1.0 to 1.2), since those of CI are not; when a figure falls for good, so does its limit.
 */
export const limits: readonly Limit[] = [
  { what: "small call over HTTP, legacy", atMost: 4 },
  { what: "small call over HTTP, modern", atMost: 7 },
  { what: "small call over stdio, modern", atMost: 5.5 },
  { what: "tools/list of 50 tools, modern", atMost: 2 },
];
