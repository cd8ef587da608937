import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Openings } from "../mcp/gate/openings.ts";
import { createFileCache } from "../mcp/pipeline/file-cache.ts";
import { createModels } from "../mcp/pipeline/models.ts";
import { createGate } from "../mcp/pipeline/plugins/gate.ts";
import { createResults } from "../mcp/pipeline/results.ts";
import { createRunner } from "../mcp/pipeline/run.ts";
import { createShaping, type Shaping } from "../mcp/pipeline/shaping.ts";
import { stageCacheOf } from "../mcp/pipeline/stage-cache.ts";
import { builtInStages } from "../mcp/pipeline/stages/index.ts";
import type { Audit } from "../operations/audit.ts";
import { defaultTexts } from "../resources/system-prompts.ts";
import type { MasterKey } from "../secrets/master-key.ts";
import { createSealing } from "../secrets/sealing.ts";
import type { Config } from "./config.ts";
import { shapingRecorder } from "./note.ts";

export type ProxyModelNeeds = {
  config: Config;
  master: MasterKey;
  audit: Audit;
  openings: Openings;
  clock: Clock;
  log: Log;
};

/** All that proxy models are made of, put together: models and stages, what they may ask, and where they keep what they made. */
export type ProxyModels = ReturnType<typeof composeProxyModels>;

export function composeProxyModels({ config, master, audit, openings, clock, log }: ProxyModelNeeds) {
  const cache = createFileCache({
    dir: config.cacheMiB === 0 ? undefined : config.cacheDir,
    mostBytes: config.cacheMiB * 1024 * 1024,
    sealing: createSealing(master.derive("cache-seal")),
    nameKey: master.derive("cache-name"),
    clock,
    log,
  });
  const results = createResults({ cache, idKey: master.derive("result-id"), clock });
  const models = createModels(createGate({ shelf: noShelf, openings, texts: defaultTexts, clock }));
  const stages = builtInStages(defaultTexts);
  const runner = createRunner({ types: () => stages, cache, log, clock });

  return {
    cache,
    results,
    models,
    runner,
    /** `tell` says to a caller's clients that a list is another now. */
    shaping: (tell: Parameters<typeof createShaping>[0]["listChanged"]): Shaping =>
      createShaping({
        models,
        llmOf: () => undefined,
        cacheOf: (scope) => stageCacheOf(cache, scope),
        results,
        runner,
        listChanged: tell,
        audit: shapingRecorder(audit, clock),
        clock,
        log,
      }),
    close: async (): Promise<void> => {
      await Promise.all([cache.close(), openings.close()]);
    },
  };
}

const noShelf = { of: () => [], read: async () => "", propose: async () => "" };
