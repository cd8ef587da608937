import { createHash } from "../../../lib/crypto.ts";
import type { StageCache } from "../stage.ts";
import type { CacheScope, PipelineCache } from "./cache.ts";

/** Beyond so many at once, each computes for itself. */
const mostUnderWay = 1_000;

/** What is being computed, for each cache there is: those who ask at the same time are in different requests. */
const underWay = new WeakMap<PipelineCache, Map<string, Promise<string>>>();

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The cache as a stage has it: of one project, or of one caller in it. */
export function stageCacheOf(cache: PipelineCache, scope: CacheScope): StageCache {
  const computing = underWay.get(cache) ?? new Map<string, Promise<string>>();
  underWay.set(cache, computing);

  async function computeAndPut(key: string, compute: () => Promise<string>): Promise<string> {
    const value = await compute();
    cache.put(scope, key, value);
    return value;
  }

  async function getOrCompute(key: string, compute: () => Promise<string>): Promise<string> {
    const name = sha256(JSON.stringify([scope.project, scope.principal ?? null, key]));
    let others = computing.get(name);
    // Who joined one that failed tries once more, since it may have failed because its own caller went away.
    for (let joined = 0; others !== undefined; joined++) {
      try {
        return await others;
      } catch (error) {
        if (joined === 1) throw error;
      }
      others = computing.get(name);
    }
    const work = (async () => (await cache.get(scope, key)) ?? (await computeAndPut(key, compute)))();
    if (computing.size < mostUnderWay) computing.set(name, work);
    try {
      return await work;
    } finally {
      if (computing.get(name) === work) computing.delete(name);
    }
  }

  return { hash: sha256, getOrCompute };
}
