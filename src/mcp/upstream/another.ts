import type { ConnectionOptions, ServerRef } from "./connections.ts";
import { createGuard } from "./guard.ts";
import { openAt, openProcess } from "./negotiate.ts";
import type { Another } from "./private.ts";
import type { createShared } from "./shared.ts";
import type { Opening } from "./upstream.ts";

type Needs = Pick<ConnectionOptions, "clock" | "log" | "targetOf" | "startProcess"> & {
  shared: Pick<ReturnType<typeof createShared>, "addressOf" | "guarded">;
};

/**
 * Opens one more conversation with a legacy server beside the shared one, over stdio with a process of its own, which ends with it. `subject`: whose
 * it is, who meets the same copy in it. @throws Problem `unavailable`
 */
export function anotherWith({ clock, log, targetOf, startProcess, shared }: Needs) {
  return async (server: ServerRef, opening: Opening, subject?: string): Promise<Another> => {
    const { fields } = server;
    if (fields.url !== undefined) {
      const upstream = await openAt(await targetOf(server), fields, "legacy", opening);
      return { upstream: shared.guarded(server, undefined, upstream) };
    }
    const served = shared.addressOf(server, subject);
    if (served !== undefined) {
      const upstream = await openAt({ url: served.url, headers: {} }, fields, "legacy", opening);
      return { upstream: shared.guarded(server, served.copy, upstream), copy: served.copy };
    }
    const own = await startProcess(server.id);
    const channel = { ...own, end: () => void own.stop(false) };
    const upstream = await openProcess(channel, "legacy", undefined, opening);
    // How one process fares says nothing of another.
    return { upstream: createGuard(server, clock, log).over(upstream), copy: own.instance };
  };
}
