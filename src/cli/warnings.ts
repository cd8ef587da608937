import { printable } from "../lib/printable.ts";
import type { Env } from "./environment.ts";
import type { Format } from "./output.ts";

/** What is written and yet may not be meant so; the formats for machines hold it. */
export function showWarnings(warnings: unknown, whose: string, format: Format, env: Env): void {
  if (format === "json" || format === "yaml" || !Array.isArray(warnings)) return;
  for (const warning of warnings) env.err(`warning: ${printable(`${whose}, ${warning}`)}`);
}
