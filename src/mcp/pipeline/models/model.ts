import type { Hooks } from "../plugin.ts";
import type { ContentType } from "../stage.ts";

export type Source = "built-in" | "local" | "applied";

/** Stages in their order, with configs that were checked and completed. */
export type Pipeline = {
  stages: readonly { type: string; config: Readonly<Record<string, unknown>> }[];
  appliesTo: readonly ContentType[];
  /** Whether what it makes of a content may be kept and given again. */
  cacheable: boolean;
};

/** What a project's `proxyModel` names, ready for use: hooks with those of all parents, and the stages that shape what comes back. */
export type Model = {
  name: string;
  type: "plugin" | "pipeline";
  source: Source;
  description: string;
  /** As written. */
  parents: readonly string[];
  hooks: Partial<Hooks>;
  /** Whose hook each is. */
  origin: Readonly<Partial<Record<keyof Hooks, string>>>;
  pipeline: Pipeline | undefined;
  /** Its own stages as they are written, also while they cannot be used. */
  written?: Pipeline | undefined;
  /** Why it cannot be used as it is written now. What was good before stays in use; without any, results go unshaped. */
  fault: string | undefined;
  /** Another one whenever its files, its config or its parents are others. */
  version: string;
};

/** Every proxy model there is; cheap to ask, for every request. */
export type Models = {
  get: (name: string) => Model | undefined;
  list: () => readonly Model[];
};
