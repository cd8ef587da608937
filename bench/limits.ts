import type { Limit } from "./verdict.ts";

/**
 * CPU of mcpctl at most, as a multiple of the floor's in the same run: what CI refuses to see doubled. A little under twice what `bun run bench:gate` saw on an
 * idle machine (1.6 to 1.7, 2.6 to 2.9, 1.1 to 1.3, 0.5), since those of CI are not; when a figure falls for good, so does its limit.
 */
export const limits: readonly Limit[] = [
  { what: "small call over HTTP, legacy", atMost: 3.3 },
  { what: "small call over HTTP, modern", atMost: 5.5 },
  { what: "small call over stdio, modern", atMost: 2.5 },
  { what: "tools/list of 50 tools, modern", atMost: 1 },
];
