import type { Limit } from "./verdict.ts";

/**
 * CPU of mcpctl at most, as a multiple of the floor's in the same run: what CI refuses to see doubled. A little under twice what `bun run bench:gate` saw on an
 * idle machine (1.2 to 1.4, 1.2 to 1.4, 1.0 to 1.1, 0.3 to 0.4), since those of CI are not; when a figure falls for good, so does its limit.
 */
export const limits: readonly Limit[] = [
  { what: "small call over HTTP, legacy", atMost: 2.5 },
  { what: "small call over HTTP, modern", atMost: 2.5 },
  { what: "small call over stdio, modern", atMost: 2 },
  { what: "tools/list of 50 tools, modern", atMost: 0.65 },
];
