import type { Clock } from "../../../lib/clock.ts";
import type { Address } from "./entry.ts";
import { createLedger, heldAs, type Size } from "./ledger.ts";

/** At most two bytes a character, and what a map takes for it. */
export const inMemory = (value: string): number => value.length * 2 + 512;

/** The latest values, in memory. */
export function createFront(most: Size, clock: Clock) {
  const held = createLedger(most);
  const values = new Map<string, string>();

  function forget(file: string): void {
    held.remove(file);
    values.delete(file);
  }

  return {
    forget,
    get(file: string): string | undefined {
      const known = held.get(file);
      if (known === undefined || known.expires > clock.now()) return values.get(file);
      forget(file);
      return undefined;
    },
    put(address: Address, value: string, expires: number): void {
      values.set(address.file, value);
      for (const { name } of held.add(heldAs(address, inMemory(value), clock.now(), expires))) values.delete(name);
    },
    touch: (file: string): void => held.touch(file, clock.now()),
    prune(): void {
      for (const { name, expires } of held.all()) if (expires <= clock.now()) forget(name);
    },
    all: held.all,
    of: held.of,
    total: held.total,
  };
}
