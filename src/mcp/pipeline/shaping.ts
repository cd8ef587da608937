import type { Clock } from "../../lib/clock.ts";
import { once } from "../../lib/once.ts";
import { seldom } from "../../lib/seldom.ts";
import type { ProjectFields } from "../../resources/project.ts";
import { type Endpoint, isFussy } from "../endpoint.ts";
import type { Served, ShapingOptions } from "./context.ts";
import { createIdentities } from "./identities.ts";
import type { Shape } from "./shape.ts";

/** Loaded for the first project that has something to be shaped. */
const shapes = once(() => require("./shape.ts") as typeof import("./shape.ts"));
const hidings = once(() => require("./hiding.ts") as typeof import("./hiding.ts"));

/** A request as the gateway has it. */
export type Asking = Omit<Served, "seesChanges"> & { endpoint: Endpoint };

/** Shapes what clients see of the projects that have a proxy model. */
export type Shaping = ReturnType<typeof createShaping>;

export function createShaping(options: ShapingOptions & { clock: Clock }) {
  const shared = { ...options, warn: seldom(options.log, options.clock) };
  const identities = createIdentities(options.clock, options.budget.end);
  /** Whether any of its servers is shaped by itself; asked with every call, of what is the same for as long as the project is. */
  const isOfServers = new WeakMap<ProjectFields, boolean>();
  const ofServers = (fields: ProjectFields): boolean => {
    const known = isOfServers.get(fields);
    if (known !== undefined) return known;
    const found = fields.servers.some((entry) => typeof entry !== "string" && entry.proxyModel !== undefined);
    isOfServers.set(fields, found);
    return found;
  };

  return {
    /** False where nothing can be shaped: most projects have none of what does. */
    concerns: ({ fields }: { fields: ProjectFields }): boolean =>
      fields.proxyModel !== undefined || (fields.toolBudget ?? "off") !== "off" || ofServers(fields),
    /**
     * Undefined where nothing is shaped. One server's own endpoint is that server, and vLLM's fixed tools know no other arguments: there only what
     * hides things is at work.
     */
    async of({ endpoint, ...served }: Asking): Promise<Shape | undefined> {
      const asked: Served = { ...served, seesChanges: !isFussy(endpoint) };
      if (endpoint.server !== undefined || endpoint.alias !== undefined) return hidings().hidingOf(options, asked);
      return await shapes().shapeOf(shared, identities, asked);
    },
    /** A session has ended. */
    ended: identities.letGo,
    size: identities.size,
    close: identities.close,
  };
}
