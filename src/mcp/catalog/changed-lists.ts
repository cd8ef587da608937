import { sleep } from "../../lib/wait.ts";
import type { ServerRef } from "../upstream/connections.ts";

const methods = ["tools", "prompts", "resources"].map((list) => `notifications/${list}/list_changed`);
/** A server that says it without end is read anew this often, and costs no more than that. */
const pauseMs = 250;

/** Lists that servers say have changed: read anew before anybody is told to ask for them, once for many that come together. */
export function createChangedLists(
  readAnew: (server: ServerRef) => Promise<void>,
  tell: (server: ServerRef, method: string) => void,
  signal: AbortSignal,
) {
  const waiting = new Map<string, Set<string>>();

  async function read(server: ServerRef, said: Set<string>): Promise<void> {
    while (said.size > 0 && !signal.aborted) {
      const told = [...said];
      said.clear();
      await readAnew(server);
      for (const method of told) tell(server, method);
      await sleep(pauseMs, signal);
    }
    waiting.delete(server.id);
  }

  return {
    heard(server: ServerRef, method: string): void {
      if (!methods.includes(method)) return;
      const said = waiting.get(server.id);
      if (said !== undefined) return void said.add(method);
      const first = new Set([method]);
      waiting.set(server.id, first);
      void read(server, first);
    },
  };
}
