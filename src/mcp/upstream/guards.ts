import type { BreakerView } from "../../lib/breaker.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { ServerRef } from "./connections.ts";
import { elsewhere } from "./conversations.ts";
import { createGuard, type Guard } from "./guard.ts";

/** A guard for each copy of ours, by its instance, and for each server reached by url, by its id. */
export type Guards = ReturnType<typeof createGuards>;

export function createGuards(clock: Clock, log: Log, blotted: (server: ServerRef, text: string) => string) {
  const guards = new Map<string, Guard>();

  return {
    of(server: ServerRef, copy: string = elsewhere): Guard {
      const id = copy === elsewhere ? server.id : copy;
      const guard = guards.get(id) ?? createGuard(server, clock, log, (text) => blotted(server, text));
      guards.set(id, guard);
      return guard;
    },
    forget: (id: string): void => void guards.delete(id),
    /** The server's fields are others now. */
    changed: (server: ServerRef): void => guards.get(server.id)?.changed(server),
    isOpen: (id: string): boolean => guards.get(id)?.isOpen() === true,
    breakerOf: (id: string): BreakerView | undefined => guards.get(id)?.view(),
    /** Unix milliseconds. */
    answeredAt: (id: string): number | undefined => guards.get(id)?.answeredAt(),
  };
}
