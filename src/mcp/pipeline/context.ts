import type { Log } from "../../lib/log.ts";
import { Problem } from "../../lib/problem.ts";
import type { Llm } from "../../llm/llm.ts";
import type { ProjectFields } from "../../resources/project.ts";
import type { Outcome } from "../answers.ts";
import type { Budget } from "../budget/budget.ts";
import type { Listed } from "../catalog/view.ts";
import type { Era } from "../protocol.ts";
import type { Admission } from "../visit.ts";
import type { CacheScope, ResultPlace, Results } from "./cache/cache.ts";
import type { Model, Models } from "./models/model.ts";
import type { PluginContext } from "./plugin.ts";
import type { Runner } from "./run.ts";
import type { StageCache } from "./stage.ts";

/** One request, as far as what shapes it must know. */
export type Served = {
  admission: Admission;
  era: Era;
  /** Of a legacy session. */
  sessionId: string | undefined;
  /** Whether its client learns of a list that changed. */
  seesChanges: boolean;
  /** The servers' tools that are open to the caller, in the words of its era. */
  tools: () => Promise<readonly Listed[]>;
  /** A call of one of them, as if the client had sent it. */
  call: (name: string, argumentsText: string) => Promise<Outcome>;
  /** Takes one of the places that this caller has for calls. */
  inTurn: (work: () => Promise<Outcome>) => Promise<Outcome>;
  /** Whether this caller has conversations of its own with a server, so that what it says there is nobody else's. */
  isAlone: (serverId: string) => boolean;
  signal: AbortSignal;
};

export type ShapingOptions = {
  models: Models;
  llmOf: (project: ProjectFields) => Llm | undefined;
  cacheOf: (scope: CacheScope) => StageCache;
  results: Results;
  budget: Budget;
  runner: Pick<Runner, "shaper" | "hidingOf" | "leavesOf">;
  listChanged: (projectId: string, principal: string, list: "tools" | "prompts" | "resources") => void;
  audit: (admission: Admission, action: string, detail: Record<string, unknown>) => void;
  log: Log;
};

/** Whose a result is, and who may be given what was computed of it: everybody of the project where all see the same. */
export function placesOf({ admission, isAlone }: Served, source: string, serverId: string | undefined) {
  const { project, principal, mayCall, readOnly } = admission;
  const isCommon = mayCall === undefined && !readOnly && (serverId === undefined || !isAlone(serverId));
  const scope: CacheScope = { project: project.id, principal: isCommon ? undefined : principal };
  const place: ResultPlace = { principal, project: project.id, source };
  return { scope, place };
}

/** A server asks something, or goes on behind: for the client to hear, since no plugin can answer it. */
export class Unfinished extends Problem {
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    super("conflict", "this tool asks something of the client, or answers later");
    this.outcome = outcome;
  }
}

/** The stages for what a server answers: those of the proxy model that the project gives it, else of the project's own. */
export function pipelineFor(
  { fields }: Admission["project"],
  server: string | undefined,
  models: Models,
  model: Model | undefined,
) {
  const entry = fields.servers.find((one) => typeof one !== "string" && one.server === server);
  const own = typeof entry === "object" ? entry.proxyModel : undefined;
  return own === undefined ? model?.pipeline : models.get(own)?.pipeline;
}

/** What the hooks of one request work with. `shown` is what of the servers' tools the client would see now. */
export function contextOf(
  options: ShapingOptions,
  served: Served,
  identity: PluginContext["identity"],
  parts: Pick<PluginContext, "registerTool" | "discover" | "shape" | "began">,
): PluginContext {
  const { admission, era, seesChanges } = served;
  const { project, principal, actor, readOnly } = admission;
  return {
    identity,
    era,
    seesChanges,
    project,
    principal,
    actor,
    tokenSha: actor.tokenSha,
    readOnly,
    ...parts,
    listChanged: (list) => options.listChanged(project.id, principal, list),
    async callTool(name, argumentsText) {
      const outcome = await served.call(name, argumentsText);
      if ("result" in outcome && outcome.type === undefined) return outcome.result;
      if ("result" in outcome) throw new Unfinished(outcome);
      const { message } = JSON.parse(outcome.error) as { message?: unknown };
      throw new Problem("unavailable", String(message));
    },
    // Most requests ask neither.
    get llm() {
      return options.llmOf(project.fields);
    },
    get cache() {
      return options.cacheOf(placesOf(served, "", undefined).scope);
    },
    audit: (action, detail) => options.audit(admission, action, detail),
    log: options.log,
  };
}
