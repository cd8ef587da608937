import { printable } from "../lib/printable.ts";
import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import type { Env } from "./environment.ts";
import { openPrinter } from "./printing/formats.ts";
import type { Args } from "./verb.ts";

export { humane } from "./printing/humane.ts";
export { table } from "./printing/table.ts";

const formats = ["table", "wide", "json", "yaml", "name"] as const;
export type Format = (typeof formats)[number];

/** @throws Problem `invalid` */
export function formatOf(args: Args, allowed: readonly Format[] = formats): Format {
  const format = args.flag("output") ?? "table";
  const known = allowed.find((candidate) => candidate === format);
  if (known === undefined) throw new Problem("invalid", `-o takes ${allowed.join(", ")}`);
  return known;
}

/** Prints resources of one kind that are all there. One that was asked for by name stands alone; lists are kubectl's `List`. */
export function printResources(
  kind: AnyKind,
  items: readonly Resource[],
  single: boolean,
  format: Format,
  env: Env,
): void {
  const printer = openPrinter(format, { env, isSingle: single });
  printer.add(kind, items);
  printer.end();
  if (items.length === 0 && (format === "table" || format === "wide")) env.err(`No ${kind.plural} found.`);
}

/** A text of many lines: each stands behind a bar, so that none of it passes for words of mcpctl. */
export const quoted = (text: unknown): string =>
  String(text)
    .trimEnd()
    .split("\n")
    .map((line) => `  | ${printable(line)}`.trimEnd())
    .join("\n");
