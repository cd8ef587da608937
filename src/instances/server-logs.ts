import type { Clock } from "../lib/clock.ts";
import { type LogEvent, type LogRing, logRing } from "./log-ring.ts";

/** The ring of each copy of each server, by the instance's name: the one that comes next in its place goes on writing there. */
export function createServerLogs(clock: Clock) {
  const rings = new Map<string, Map<string, LogRing>>();
  const followers = new Map<string, Set<(instance: string, event: LogEvent) => void>>();

  return {
    /** The ring for an instance of this name, made when there is none yet. */
    ring(serverId: string, instance: string): LogRing {
      const own = rings.get(serverId) ?? new Map<string, LogRing>();
      rings.set(serverId, own);
      const known = own.get(instance);
      if (known !== undefined) return known;
      const ring = logRing(clock);
      ring.follow((event) => {
        for (const follower of followers.get(serverId) ?? []) follower(instance, event);
      });
      own.set(instance, ring);
      return ring;
    },
    of: (serverId: string): { instance: string; ring: LogRing }[] =>
      [...(rings.get(serverId) ?? [])]
        .map(([instance, ring]) => ({ instance, ring }))
        .toSorted((a, b) => a.instance.localeCompare(b.instance, "en", { numeric: true })),
    /** What all copies of a server write from now on, those included that are yet to come. */
    follow(serverId: string, listener: (instance: string, event: LogEvent) => void): () => void {
      const own = followers.get(serverId) ?? new Set();
      followers.set(serverId, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) followers.delete(serverId);
      };
    },
    /** Lets go of servers that are no more. */
    prune(ids: ReadonlySet<string>): void {
      for (const id of rings.keys()) if (!ids.has(id)) rings.delete(id);
    },
  };
}
