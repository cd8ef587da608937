import type { Log } from "../../lib/log.ts";
import type { ServerRef } from "../upstream/connections.ts";
import { exposedName } from "./names.ts";
import type { Review } from "./review.ts";

/** What a new list brought, told once: names of tools, and those of them with characters that nobody sees. */
export type Told = { new: string[]; changed: string[]; removed: string[]; hidden: string[] };

const mostTold = 1_000;

/** What was not told yet, and what came since; undefined when that is nothing. */
export function together(before: Told | undefined, now: Told | undefined): Told | undefined {
  const both = (sort: keyof Told) =>
    [...new Set([...(before?.[sort] ?? []), ...(now?.[sort] ?? [])])].slice(0, mostTold);
  const told = { new: both("new"), changed: both("changed"), removed: both("removed"), hidden: both("hidden") };
  return Object.values(told).some(({ length }) => length > 0) ? told : undefined;
}

export function report(log: Log, { name }: ServerRef, told: Told): void {
  const { hidden, ...others } = told;
  const counts = Object.fromEntries(
    Object.entries(others).flatMap(([what, { length }]) => (length > 0 ? [[what, length]] : [])),
  );
  const next = `mcpctl get toolchanges --server ${name}`;
  if (Object.keys(counts).length > 0)
    log.warn("tools are not as they were approved", { server: name, ...counts, next });
  if (hidden.length > 0)
    log.warn("definitions of tools hold characters that nobody sees", { server: name, tools: hidden.length });
}

/** In words, and what to type; `change` is the toolchange's name. */
export function whyHeldBack(
  { name }: ServerRef,
  tool: string,
  review: Exclude<Review, "approved"> | "rejectedNew" | undefined,
  change: string,
): string {
  const why = {
    new: "is new and waits to be approved",
    changed: "changed and waits to be approved",
    rejected: "changed, and the change was rejected",
    rejectedNew: "is new and was rejected",
    unknown: "was not listed yet by what the server executes now",
  }[review ?? "unknown"];
  // A model reads this: the name is ours, since the server's own may be a text as long as it likes.
  const hint = review === undefined ? `describe server ${name}` : `describe toolchange ${change}`;
  return `The tool "${exposedName(name, tool)}" ${why}: mcpctl ${hint}`;
}
