import type { Problem } from "../../lib/problem.ts";
import { sleep, within } from "../../lib/wait.ts";
import type { Outcome } from "../answers.ts";
import { codes } from "../protocol.ts";
import { unavailable } from "./failures.ts";
import type { Followed } from "./upstream.ts";

type Capability = { listChanged?: unknown; subscribe?: unknown };
export type Filter = Record<string, true | readonly string[]>;

/** What a server is to tell of: every list that it says may change, and what is followed. Empty when there is nothing to hear. */
function filterOf(capabilities: Record<string, unknown>, { resources, tasks }: Followed): Filter {
  const can = (name: string) => (capabilities[name] ?? {}) as Capability;
  return {
    ...(can("tools").listChanged === true ? { toolsListChanged: true } : {}),
    ...(can("prompts").listChanged === true ? { promptsListChanged: true } : {}),
    ...(can("resources").listChanged === true ? { resourcesListChanged: true } : {}),
    ...(resources.length === 0 ? {} : { resourceSubscriptions: resources }),
    ...(tasks.length === 0 ? {} : { taskIds: tasks }),
  };
}

/** A server that does not know the method will not learn it. */
const isUnknown = (error: string) => (JSON.parse(error) as { code?: unknown }).code === codes.unknownMethod;

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** One `subscriptions/listen` at a time: opened anew when what is followed changes, and after a pause when it ends. */
export function listening(
  capabilities: Record<string, unknown>,
  open: (filter: Filter, signal: AbortSignal) => Promise<Outcome>,
  connectMs: number,
) {
  let wanted: Followed = { resources: [], tasks: [] };
  let current = new AbortController();
  let acknowledged = Promise.withResolvers<Problem | undefined>();

  async function run(ending: AbortController, heard: typeof acknowledged): Promise<void> {
    const filter = filterOf(capabilities, wanted);
    if (Object.keys(filter).length === 0) return heard.resolve(undefined);
    let pauseMs = firstPauseMs;
    while (!ending.signal.aborted) {
      const openedAt = performance.now();
      const outcome = await open(filter, ending.signal).catch((why: Problem) => why);
      heard.resolve(unavailable("the server does not tell of changes"));
      if ("error" in outcome && isUnknown(outcome.error)) return;
      if (performance.now() - openedAt > longestPauseMs) pauseMs = firstPauseMs;
      await sleep(pauseMs, ending.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** The new stream is there before the old one ends: nothing is missed between them. */
  function start(): Promise<Problem | undefined> {
    const before = current;
    current = new AbortController();
    acknowledged = Promise.withResolvers();
    void run(current, acknowledged);
    void within(connectMs, acknowledged.promise).then(() => before.abort());
    return acknowledged.promise;
  }

  return {
    start: () => void start(),
    acknowledged: () => acknowledged.resolve(undefined),
    /** @throws Problem when the server cannot or does not */
    async follow(next: Followed): Promise<void> {
      const { resources } = capabilities as { resources?: Capability };
      if (next.resources.length > 0 && resources?.subscribe !== true)
        throw unavailable("the server does not tell of changes of resources");
      wanted = next;
      const failure = await within(connectMs, start());
      if (failure !== undefined) throw failure;
    },
    stop: () => current.abort(),
  };
}
