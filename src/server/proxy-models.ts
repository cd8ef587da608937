import { mayReadLink } from "../auth/prompt-links.ts";
import { createWorker } from "../instances/worker/worker.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { once } from "../lib/once.ts";
import { Problem } from "../lib/problem.ts";
import type { Llms } from "../llm/llms.ts";
import { createBudget } from "../mcp/budget/budget.ts";
import { createOpenings } from "../mcp/gate/openings.ts";
import { createFileCache } from "../mcp/pipeline/cache/file-cache.ts";
import { stageCacheOf } from "../mcp/pipeline/cache/stage-cache.ts";
import { checkPipeline } from "../mcp/pipeline/config.ts";
import { createLocal } from "../mcp/pipeline/local/local.ts";
import { createModels } from "../mcp/pipeline/models/models.ts";
import { type Trial, tryModel } from "../mcp/pipeline/models/trial.ts";
import { createGate } from "../mcp/pipeline/plugins/gate.ts";
import { createResults } from "../mcp/pipeline/results/results.ts";
import { createRunner } from "../mcp/pipeline/run.ts";
import { createShaping, type Shaping } from "../mcp/pipeline/shaping.ts";
import type { ContentType } from "../mcp/pipeline/stage.ts";
import { createServed } from "../mcp/prompts/served.ts";
import { createShelf } from "../mcp/prompts/shelf.ts";
import { createSystemTexts } from "../mcp/prompts/system-texts.ts";
import type { Connections } from "../mcp/upstream/connections.ts";
import type { Audit } from "../operations/audit.ts";
import type { Recorder } from "../rbac/record.ts";
import { present } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import type { ProjectFields } from "../resources/project.ts";
import type { ProxyModelFields } from "../resources/proxy-model.ts";
import type { MasterKey } from "../secrets/master-key.ts";
import { createSealing } from "../secrets/sealing.ts";
import type { Database } from "../storage/op.ts";
import { findResource, listResources } from "../storage/resources.ts";
import type { Config } from "./config.ts";
import { shapingRecorder } from "./note.ts";
import type { Changed } from "./rooms.ts";

/** Loaded when one of them is asked for. */
const stages = once(
  () => require("../mcp/pipeline/stages/index.ts") as typeof import("../mcp/pipeline/stages/index.ts"),
);

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

type Attempt = {
  content: string;
  contentType: ContentType;
  source: string;
  project: Resource | undefined;
  /** Who tries it. */
  caller: string;
  signal: AbortSignal;
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
  const worker = createWorker({
    dataDir: config.dataDir,
    clock,
    log,
    onCondemned: (code, why) => local.leaveOut(code, why),
  });
  const local = createLocal({ dataDir: config.dataDir, worker, log, changed: () => models.renew() });
  const budget = createBudget();
  const models = createModels({
    gate: createGate({ shelf, openings, texts }),
    builtInStages: once(() => stages().builtInStages(texts)),
    check: checkPipeline,
    local,
    log,
  });
  const readModels = async () =>
    models.setApplied((await db.read(() => listResources("proxymodel"))).map(present).map(writtenOf));
  await readModels();
  await local.start();
  const runner = createRunner({ types: models.stageTypes, cache, log, clock });

  return {
    cache,
    results,
    budget,
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
      if (kinds.has("proxymodel")) await readModels();
      const ids = changed.flatMap(({ kind: { kind }, id }) => (kind === "prompt" || kind === "project" ? [id] : []));
      return new Set([...(await shelf.changed(kinds, ids)), ...projects]);
    },
    /** Brings a text through the stages of a model. What is kept of that is this caller's alone. */
    async try(name: string, { content, contentType, source, project, caller, signal }: Attempt): Promise<Trial> {
      const model = models.get(name);
      if (model === undefined) throw new Problem("not_found", `there is no proxymodel "${name}"`);
      const scope = { project: project?.id ?? "-", principal: caller };
      return await tryModel(runner, model, content, {
        contentType,
        sourceName: source,
        projectName: project?.name ?? "",
        sessionId: undefined,
        llm: project && llmOf(project as unknown as ProjectFields),
        cache: stageCacheOf(cache, scope),
        scope,
        signal,
      });
    },
    /** `tell` says to a caller's clients that a list is another now. */
    shaping: (tell: Parameters<typeof createShaping>[0]["listChanged"]): Shaping =>
      createShaping({
        models,
        llmOf,
        cacheOf: (scope) => stageCacheOf(cache, scope),
        results,
        budget,
        runner,
        listChanged: tell,
        audit: shapingRecorder(audit, clock),
        clock,
        log,
      }),
    async close(): Promise<void> {
      local.stop();
      await worker.stop();
      shelf.close();
      await openings.close();
      await cache.close();
    },
  };
}

const writtenOf = (row: Resource) => ({ name: row.name, fields: row as unknown as ProxyModelFields });
