import type { Clock } from "../../lib/clock.ts";
import type { Model } from "./models/model.ts";
import type { PluginContext, VirtualTool } from "./plugin.ts";

/** What is kept of somebody who is served through plugins: the tools that they registered. */
export type Identity = PluginContext["identity"] & { tools: Map<string, VirtualTool> };

type Known = Identity & { model: Model; begun: Promise<void>; usedAt: number };

const most = 10_000;
const mostTools = 64;
const idleMs = 24 * 3_600_000;
const sweepMs = 10 * 60_000;

/** Whom plugins have seen. Bounded: who falls out, of which `onEnd` is told, is seen for the first time again, as after a restart. */
export function createIdentities(clock: Clock, onEnd: (id: string) => void) {
  const all = new Map<string, Known>();
  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  function letGo(id: string): void {
    const known = all.get(id);
    all.delete(id);
    if (known === undefined) return;
    onEnd(id);
    void (async () => await known.model.hooks.onSessionDestroy?.(identityOf(known)))().catch(() => {});
  }

  function sweep(): void {
    for (const [id, { usedAt }] of all) if (clock.now() - usedAt > idleMs) letGo(id);
  }

  return {
    /** `create` is run when it is first seen, and when its project is given another model; whoever comes meanwhile waits for it. */
    async of(
      identity: PluginContext["identity"],
      model: Model,
      create: (identity: Identity) => Promise<void>,
    ): Promise<Identity> {
      const found = all.get(identity.id);
      if (found !== undefined && found.model.version === model.version) {
        // The least used one stands first.
        all.delete(identity.id);
        all.set(identity.id, found);
        found.usedAt = clock.now();
        await found.begun;
        return found;
      }
      if (found !== undefined) letGo(identity.id);
      const begun = Promise.withResolvers<void>();
      const known: Known = { ...identity, tools: new Map(), model, begun: begun.promise, usedAt: clock.now() };
      all.set(identity.id, known);
      if (all.size > most) letGo(all.keys().next().value ?? "");
      await create(known).finally(begun.resolve);
      return known;
    },
    register({ tools }: Identity, tool: VirtualTool): void {
      if (tools.size < mostTools || tools.has(tool.name)) tools.set(tool.name, tool);
    },
    /** Its session has ended. */
    letGo,
    size: () => all.size,
    close: () => clearInterval(timer),
  };
}

export type Identities = ReturnType<typeof createIdentities>;

const identityOf = ({ id, isSession }: Known): PluginContext["identity"] => ({ id, isSession });
