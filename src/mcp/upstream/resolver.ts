import type { Clock } from "../../lib/clock.ts";
import { within } from "../../lib/wait.ts";
import { Absent, unavailable } from "./failures.ts";

/** All addresses that a name leads to. @throws when it leads nowhere */
export type Lookup = (name: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (name) => {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(name, { all: true, order: "verbatim" })).map(({ address }) => address);
};

/** How long a name is believed to lead to the same place; a request after that asks, and judges, anew. */
const keptMs = 30_000;
const keptNames = 1_000;

type Entry = { at: number; found: Promise<string[]> };

/** Where names lead. They are asked for once, however many calls wait for it, and kept for a short time. */
export type Resolver = ReturnType<typeof createResolver>;

export function createResolver(clock: Clock, look: Lookup) {
  const entries = new Map<string, Entry>();

  /** @throws Problem `unavailable` */
  async function find(name: string, ms: number): Promise<string[]> {
    const addresses = await within(
      ms,
      look(name).catch((error: unknown) => {
        throw new Absent("its name cannot be resolved", error);
      }),
    );
    if (addresses === undefined) throw new Absent("its name could not be resolved in time");
    if (addresses.length === 0) throw unavailable("its name leads to no address");
    return [...addresses];
  }

  return {
    /** In the order in which they are to be tried. @throws Problem `unavailable` */
    async addressesOf(name: string, ms: number): Promise<readonly string[]> {
      const known = entries.get(name);
      if (known !== undefined && clock.now() - known.at < keptMs) return await known.found;
      const entry: Entry = { at: clock.now(), found: find(name, ms) };
      entries.delete(name);
      const [oldest] = entries.keys();
      if (entries.size >= keptNames && oldest !== undefined) entries.delete(oldest);
      entries.set(name, entry);
      try {
        return await entry.found;
      } catch (error) {
        if (entries.get(name) === entry) entries.delete(name);
        throw error;
      }
    },
    /** Nothing answers there: the others come first from now on. */
    async demote(name: string, address: string): Promise<void> {
      const addresses = await entries.get(name)?.found;
      const at = addresses?.indexOf(address) ?? -1;
      if (at >= 0) addresses?.push(...addresses.splice(at, 1));
    },
  };
}
