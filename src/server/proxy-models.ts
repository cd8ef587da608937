import { mayReadLink } from "../auth/prompt-links.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Llms } from "../llm/llms.ts";
import { createOpenings } from "../mcp/gate/openings.ts";
import { createFileCache } from "../mcp/pipeline/file-cache.ts";
import { createModels } from "../mcp/pipeline/models.ts";
import { createGate } from "../mcp/pipeline/plugins/gate.ts";
import { createResults } from "../mcp/pipeline/results.ts";
import { createRunner } from "../mcp/pipeline/run.ts";
import { createShaping, type Shaping } from "../mcp/pipeline/shaping.ts";
import { stageCacheOf } from "../mcp/pipeline/stage-cache.ts";
import { builtInStages } from "../mcp/pipeline/stages/index.ts";
import { createServed } from "../mcp/prompts/served.ts";
import { createShelf } from "../mcp/prompts/shelf.ts";
import { createSystemTexts } from "../mcp/prompts/system-texts.ts";
import type { Connections } from "../mcp/upstream/connections.ts";
import type { Audit } from "../operations/audit.ts";
import type { Recorder } from "../rbac/record.ts";
import type { MasterKey } from "../secrets/master-key.ts";
import { createSealing } from "../secrets/sealing.ts";
import type { Database } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import type { Config } from "./config.ts";
import { shapingRecorder } from "./note.ts";
import type { Changed } from "./rooms.ts";

export type ProxyModelNeeds = {
  config: Config;
  db: Database;
  master: MasterKey;
  audit: Audit;
  record: Recorder;
  connections: Connections;
  llmOf: Llms["of"];
  blotOf: (serverId: string) => (text: string) => string;
  clock: Clock;
  log: Log;
};

/** All that proxy models are made of, put together: models and stages, what they may ask, and where they keep what they made. */
export type ProxyModels = Awaited<ReturnType<typeof composeProxyModels>>;

export async function composeProxyModels(needs: ProxyModelNeeds) {
  const { config, db, master, audit, record, connections, llmOf, blotOf, clock, log } = needs;
  const cache = createFileCache({
    dir: config.cacheMiB === 0 ? undefined : config.cacheDir,
    mostBytes: config.cacheMiB * 1024 * 1024,
    sealing: createSealing(master.derive("cache-seal")),
    nameKey: master.derive("cache-name"),
    clock,
    log,
  });
  const results = createResults({ cache, idKey: master.derive("result-id"), clock });
  const { texts, renew: renewTexts } = await createSystemTexts(db);
  const shelf = await createShelf({
    db,
    connections,
    clock,
    log,
    record,
    mayRead: mayReadLink,
    blotOf,
    llmOf,
    texts,
    cache,
  });
  const openings = await createOpenings(db, clock, log);
  const models = createModels(createGate({ shelf, openings, texts }));
  const stages = builtInStages(texts);
  const runner = createRunner({ types: () => stages, cache, log, clock });

  return {
    cache,
    results,
    models,
    runner,
    shelf,
    served: createServed(shelf),
    /** After a commit. Answers the ids of the projects whose clients see something else now. */
    async changed(changed: readonly Changed[]): Promise<ReadonlySet<string>> {
      const kinds = new Set(changed.map(({ kind: { kind } }) => kind));
      const projects = changed.flatMap(({ kind, id }) => (kind.kind === "project" ? [id] : []));
      for (const id of projects)
        if ((await db.read(() => findResource("project", id))) === undefined) await cache.clear(id);
      if (kinds.has("prompt")) await renewTexts();
      return new Set([...(await shelf.changed(kinds)), ...projects]);
    },
    /** `tell` says to a caller's clients that a list is another now. */
    shaping: (tell: Parameters<typeof createShaping>[0]["listChanged"]): Shaping =>
      createShaping({
        models,
        llmOf,
        cacheOf: (scope) => stageCacheOf(cache, scope),
        results,
        runner,
        listChanged: tell,
        audit: shapingRecorder(audit, clock),
        clock,
        log,
      }),
    async close(): Promise<void> {
      shelf.close();
      await openings.close();
      await cache.close();
    },
  };
}
