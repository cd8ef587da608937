import type { Clock } from "../../lib/clock.ts";
import { seldom } from "../../lib/seldom.ts";
import { type Endpoint, isFussy } from "../endpoint.ts";
import type { Served, ShapingOptions } from "./context.ts";
import { hidingOf } from "./hiding.ts";
import { createIdentities } from "./identities.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** A request as the gateway has it. */
export type Asking = Omit<Served, "seesChanges"> & { endpoint: Endpoint };

/** Shapes what clients see of the projects that have a proxy model. */
export type Shaping = ReturnType<typeof createShaping>;

export function createShaping(options: ShapingOptions & { clock: Clock }) {
  const shared = { ...options, warn: seldom(options.log, options.clock) };
  const identities = createIdentities(options.clock, options.budget.end);
  return {
    /**
     * Undefined where nothing is shaped. One server's own endpoint is that server, and vLLM's fixed tools know no other arguments: there only what
     * hides things is at work.
     */
    async of({ endpoint, ...served }: Asking): Promise<Shape | undefined> {
      const asked: Served = { ...served, seesChanges: !isFussy(endpoint) };
      if (endpoint.server !== undefined || endpoint.alias !== undefined) return hidingOf(options, asked);
      return await shapeOf(shared, identities, asked);
    },
    /** A session has ended. */
    ended: identities.letGo,
    size: identities.size,
    close: identities.close,
  };
}
