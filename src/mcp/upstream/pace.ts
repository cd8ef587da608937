import type { Meter } from "../../lib/counters.ts";

/** A long message counts as many: what is passed on has to be written once more for each who hears it. */
const bytesOfOne = 16 * 1024;
/** What may be told later, in characters. */
const mostLater = 1024 * 1024;
const secondMs = 1_000;

/**
 * How often a server's notifications are passed on. Of those beyond it, progress and log messages are dropped; news are kept, the last of those
 * that say the same, and told when there is time again.
 */
export function createPace(perSecond: number, meter: Meter, now: () => number = performance.now.bind(performance)) {
  const later = new Map<string, { size: number; tell: () => void }>();
  let size = 0;
  let used = 0;
  let secondAt = now();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function hasRoom(): boolean {
    const passed = Math.floor((now() - secondAt) / secondMs);
    if (passed > 0) {
      used = Math.max(0, used - passed * perSecond);
      secondAt += passed * secondMs;
    }
    return used < perSecond;
  }

  const use = (bytes: number) => {
    used += 1 + Math.floor(bytes / bytesOfOne);
  };

  function forget(key: string): void {
    size -= later.get(key)?.size ?? 0;
    later.delete(key);
  }

  function tellSome(): void {
    timer = undefined;
    // What waits has waited for longer than whatever came meanwhile.
    if (!hasRoom()) used = 0;
    for (const [key, { size: bytes, tell }] of [...later]) {
      if (!hasRoom()) break;
      forget(key);
      use(bytes);
      tell();
    }
    plan();
  }

  function plan(): void {
    if (later.size === 0 || timer !== undefined) return;
    timer = setTimeout(tellSome, Math.max(1, secondAt + secondMs - now()));
    timer.unref();
  }

  return {
    hasRoom,
    /** Whether this one may be passed on; if not, it is lost. */
    may(bytes: number): boolean {
      const may = hasRoom();
      if (may) use(bytes);
      else meter.add("notifications_dropped");
      return may;
    },
    /** Tells it now or later. Another one of the same key takes its place. */
    orLater(key: string, bytes: number, tell: () => void): void {
      if (later.size === 0 && hasRoom()) {
        use(bytes);
        return void tell();
      }
      forget(key);
      if (size + key.length + bytes > mostLater) return void meter.add("notifications_dropped");
      size += key.length + bytes;
      later.set(key, { size: key.length + bytes, tell });
      meter.add("notifications_delayed");
      plan();
    },
    end(): void {
      clearTimeout(timer);
      later.clear();
      size = 0;
    },
  };
}
