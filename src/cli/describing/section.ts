import type { Client } from "../../client/client.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import type { Event } from "../audit-table.ts";
import type { Env } from "../environment.ts";

export type Related = { kind: string; name: string; project?: string };

/** What the API tells of a resource besides itself. `events` is absent for who may not read the audit log. */
export type About = {
  uses: Related[];
  usedBy: Related[];
  moreUsers: number;
  rights: { subject: string; right: string; from: string }[];
  hiddenRights: number;
  events?: Event[];
};

/** What is described, and all that is at hand for it; `fields` are what it was asked to be, as they are shown. */
export type Described = {
  kind: AnyKind;
  item: Resource;
  fields: Record<string, unknown>;
  about: About | undefined;
  client: Client;
  env: Env;
};

/** A part of what `describe` tells: lines, the first of them its title; none when there is nothing to say. */
export type Section = (of: Described) => readonly string[] | Promise<readonly string[]>;

export const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** A title and what stands under it; nothing without that. */
export const titled = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...indented(lines)];
