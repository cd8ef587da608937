import type { AuditActor } from "../../resources/audit.ts";

/** A prompt as the gate chooses by it: all but its text. `bytes` is unknown of a link that was never read. */
export type Shelved = {
  id: string;
  name: string;
  /** Undefined for one of every project. */
  project: string | undefined;
  priority: number;
  description: string | undefined;
  summary: string;
  /** The beginning of its text, which tags are also looked for in; absent of a link that was never read. */
  head?: string;
  chapters: readonly { title: string; summary: string }[];
  bytes: number | undefined;
  link: { target: string; state: "alive" | "dead" | "unknown"; reason?: string } | undefined;
};

export type Proposal = { name: string; content: string; priority: number; reason: string | undefined };

/** The prompts of projects: each project's own and those of every project, an own one in the place of one of the same name. */
export type PromptShelf = {
  /** In the order of their names. From memory, so that every request may ask. */
  of: (project: string) => readonly Shelved[];
  /** The text, for this caller to read. @throws Problem `unavailable` when its link is dead or loops, `not_found` */
  read: (project: string, name: string) => Promise<string>;
  /** Makes a promptrequest. Answers its name. @throws Problem `conflict`, `invalid` */
  propose: (project: string, by: AuditActor, proposal: Proposal) => Promise<string>;
};
