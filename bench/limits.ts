import type { Limit } from "./verdict.ts";

/**
 * CPU of mcpctl at most, as a multiple of the floor's in the same run: what CI refuses to see doubled. Half as much again as `bun run bench:gate` saw on an
 * idle machine, since those of CI are not; when a figure falls for good, so does its limit.
 */
export const limits: readonly Limit[] = [
  { what: "small call over HTTP, legacy", atMost: 3.5 },
  { what: "small call over HTTP, modern", atMost: 5.5 },
  { what: "small call over stdio, modern", atMost: 4 },
  { what: "tools/list of 50 tools, modern", atMost: 1.7 },
];
