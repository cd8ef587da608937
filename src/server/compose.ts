import { createVerifier, type Verified } from "../auth/access-token.ts";
import { createAttempts } from "../auth/attempts.ts";
import { createLeaks } from "../auth/leaks.ts";
import { ownPassword } from "../auth/own-password.ts";
import { createLogins } from "../auth/session.ts";
import { createSupervisor, type Supervisor } from "../instances/supervisor.ts";
import type { Clock } from "../lib/clock.ts";
import { createCounters } from "../lib/counters.ts";
import { createDurations } from "../lib/durations.ts";
import type { LevelledLog } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import { type Catalog, createCatalog } from "../mcp/catalog/catalog.ts";
import { createChangedLists } from "../mcp/catalog/changed-lists.ts";
import { createGateway } from "../mcp/gateway.ts";
import { type Connections, createConnections, type ServerRef } from "../mcp/upstream/connections.ts";
import { createEgress } from "../mcp/upstream/egress.ts";
import { createVerdicts } from "../mcp/upstream/verdicts.ts";
import type { Visitor } from "../mcp/visit.ts";
import { createAudit } from "../operations/audit.ts";
import { createRefusals } from "../operations/refusals.ts";
import { guardedStore } from "../rbac/guarded-store.ts";
import { present } from "../rbac/source.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { isManaged } from "../resources/server.ts";
import { createBlots } from "../secrets/blots.ts";
import type { MasterKey } from "../secrets/master-key.ts";
import { resolveValues } from "../secrets/resolve.ts";
import { openSecret } from "../secrets/secret-aside.ts";
import { createVault, type Vault } from "../secrets/vault.ts";
import type { Database } from "../storage/op.ts";
import { listResources } from "../storage/resources.ts";
import { admission, mayEnter } from "./admit.ts";
import { createBackups } from "./backup.ts";
import { bodies } from "./body.ts";
import type { Config } from "./config.ts";
import { createCredentials } from "./credentials.ts";
import { createGitBackup } from "./git-backup.ts";
import { watchHealth } from "./health.ts";
import { httpTargetOf } from "./http-target.ts";
import { lastUses } from "./last-use.ts";
import { createListWatch } from "./listing-watch.ts";
import { blotsOfLlm, composeLlms } from "./llms.ts";
import { callRecorder, changeRecorder, toolChangeTeller } from "./note.ts";
import { openFiles } from "./open-files.ts";
import { createOverview } from "./overview.ts";
import { composeProxyModels } from "./proxy-models.ts";
import { createReadiness } from "./readiness.ts";
import { formerBearerKeys, restorer } from "./restore.ts";
import { withRevisions } from "./revisions.ts";
import type { Changed, Rooms } from "./rooms.ts";
import type { Senders } from "./sender.ts";
import { sourcesOf } from "./sources.ts";
import { instanceResource, type Running, serverRef, withStatus } from "./status.ts";
import { watchVitals } from "./vitals.ts";
import { createWatch } from "./watch.ts";

export type Materials = { config: Config; db: Database; master: MasterKey; clock: Clock; log: LevelledLog };

/** Puts the rooms together. The only place that knows how one room's needs are met by another. */
export async function compose({ config, db, master, clock, log }: Materials): Promise<Rooms> {
  const vault = createVault(master);
  const hashKeys: [Buffer, ...Buffer[]] = [
    master.derive("bearer"),
    ...(await db.read(() => formerBearerKeys(vault))).map((key) => Buffer.from(key, "hex")),
  ];
  const blots = createBlots();
  log.hide(blots.ofAll);
  const uses = lastUses(db, clock);
  const attempts = createAttempts(clock);
  const stopping = new AbortController();
  const keys = { key: master.derive("audit"), fingerprintKey: master.derive("fingerprint") };
  const audit = createAudit({ db, clock, log, ...keys, retentionDays: config.auditRetentionDays });
  const refusals = createRefusals({ clock, note: audit.note });
  const senders: Senders = new WeakMap();
  const credentials = createCredentials(config.oauth === undefined ? undefined : createVerifier(config.oauth, clock));

  const allServers = async (): Promise<ServerRef[]> =>
    (await db.read(() => listResources("server"))).map((row) => serverRef(present(row)));

  /** A vault for what is read for this server, or llm: from now on what it says is looked through for it. */
  const vaultOf = (serverId: string): Vault => ({
    ...vault,
    open(...sealed) {
      const data = vault.open(...sealed);
      blots.give(serverId, Object.values(data));
      return data;
    },
  });

  const counters = createCounters();
  const durations = createDurations();
  const files = openFiles();
  const vitals = watchVitals();
  const egress = createEgress(clock, config.isProxied);
  const connections: Connections = createConnections({
    clock,
    log,
    counters,
    verdicts: await createVerdicts(db, clock),
    targetOf: async (server) => ({
      ...(await db.read(() => httpTargetOf(vaultOf(server.id), egress, server))),
      hide: (token) => blots.give(server.id, [token]),
    }),
    blotOf: blots.of,
    serverStateOf: (serverId) => supervisor.serverStateOf(serverId),
    wake: (serverId) => supervisor.wake(serverId),
    startProcess: (serverId) => supervisor.startExtra(serverId),
    onNotification: (...said) => heard(...said),
    onAsk: (_server, subject, method, params, signal) => gateway.ask(subject, method, params, signal),
  });
  const catalog: Catalog = await createCatalog(db, () => connections, clock, log, {
    tell: toolChangeTeller(audit, clock),
    blotOf: blots.of,
    changed(server, lists) {
      for (const list of new Set(lists.map((name) => (name === "resourceTemplates" ? "resources" : name))))
        gateway.heard(server, `notifications/${list}/list_changed`, "{}", undefined);
    },
  });
  const supervisor: Supervisor = createSupervisor({
    desired: async () =>
      await withRevisions(
        db,
        (await allServers()).filter(({ fields }) => isManaged(fields)),
      ),
    environmentOf: ({ id, fields }) => db.read(() => resolveValues(vaultOf(id), "env", fields.env)),
    blotOf: blots.of,
    ready: async (server, instance, run) => {
      const current = (await allServers()).find(({ id }) => id === server.id);
      if (current === undefined) throw new Problem("unavailable", "the server was deleted meanwhile");
      await connections.attach(current, instance, run);
      await catalog.refresh(current);
    },
    retire: (instance) => connections.retire(instance),
    usage: (serverId) => connections.usage(serverId),
    dataDir: config.dataDir,
    containerSockets: config.containerSockets,
    clock,
    log,
  });

  const { llms, llmKey } = await composeLlms({ db, vaultOf, egress, clock, log, counters });

  const health = watchHealth({ allServers, supervisor, connections, catalog, blotOf: blots.of, clock, log });
  const running: Running = { supervisor, connections, catalog, health, llms, promptStatus: (id) => shelf.statusOf(id) };
  const instances = () => supervisor.list().map((view) => instanceResource(running, view));
  const record = changeRecorder(audit, clock);
  const proxyModels = await composeProxyModels({
    config,
    db,
    master,
    audit,
    record,
    connections,
    llmOf: llms.of,
    blotOf: blots.of,
    clock,
    log,
  });
  const { models, shelf } = proxyModels;
  const sourceOf = sourcesOf({ hashKeys, clock, vault, instances, tokens: config.tokens, models });
  const store = guardedStore(sourceOf, record);
  const { dataDir, programs } = config;
  const backups = createBackups({ db, master, vault, hashKeys, dataDir, clock });
  const gitBackup = await createGitBackup({ db, vault, hashKeys, backups, audit, dataDir, programs, clock, log });
  const watch = createWatch(db, hashKeys, clock);
  const admit = admission(db, hashKeys, clock, uses.note);
  const verifiedFirst = async (visitor: Visitor, checking: Promise<Verified>) => await admit(visitor, await checking);
  const gateway = createGateway({
    admit(visitor) {
      const shown = credentials.of(visitor.request);
      return shown instanceof Promise ? verifiedFirst(visitor, shown) : admit(visitor, shown);
    },
    watch: ({ request, endpoint }, refuse, use) =>
      watch.keep(
        credentials.known(request),
        (rights) => mayEnter(rights, endpoint, use),
        refuse,
        JSON.stringify([endpoint.project, endpoint.server, use?.server, use?.tool]),
      ),
    bodies,
    isScarce: files.isScarce,
    counters,
    connections,
    catalog,
    clock,
    log,
    served: proxyModels.served,
    shaping: proxyModels.shaping,
    sealKey: master.derive("mcp-seal"),
    record: callRecorder(audit, durations, clock),
  });

  const changedLists = createChangedLists(
    catalog.readAnew,
    (server, method) => gateway.heard(server, method, "{}", undefined),
    stopping.signal,
  );

  function heard(...said: Parameters<typeof gateway.heard>): void {
    const [server, method] = said;
    if (method.endsWith("/list_changed")) changedLists.heard(server, method);
    else gateway.heard(...said);
  }

  async function changedAll(changed: readonly Changed[]): Promise<void> {
    if (changed.some(({ kind: { kind } }) => kind === "llm" || kind === "secret")) await llms.sync();
    const others = await proxyModels.changed(changed);
    for (const id of others) gateway.changed(id);
    if (!changed.some(({ kind: { kind } }) => kind === "server" || kind === "secret")) return;
    const servers = await allServers();
    catalog.prune(servers);
    blots.prune(new Set([...servers.map(({ id }) => id), ...llms.names().map(blotsOfLlm)]));
    await connections.sync(servers);
    for (const server of servers) if (!isManaged(server.fields)) void catalog.refresh(server);
    void supervisor.reconcile();
  }

  async function changed(kind: AnyKind, resource: Resource): Promise<void> {
    if (kind.kind === "instance") return await supervisor.restart(resource.id);
    await changedAll([{ kind, id: resource.id }]);
  }

  const overview = createOverview(db, store, running);
  const ready = createReadiness({ db, clock, log, isStopping: () => stopping.signal.aborted, servers: overview.sum });

  return {
    config,
    clock,
    log,
    startedAt: clock.now(),
    db,
    hashKeys,
    credentials,
    store,
    backups,
    gitBackup,
    restore: restorer({
      backups,
      hashKey: hashKeys[0],
      vault,
      auditKey: keys.key,
      sourceOf,
      record,
      async restored(changed, bearerKeys) {
        hashKeys.push(...bearerKeys);
        await catalog.restored(new Set(changed.filter(({ kind }) => kind.kind === "server").map(({ id }) => id)));
        await changedAll(changed);
      },
    }),
    logins: createLogins(db, hashKeys, clock, attempts),
    changePassword: ownPassword({ db, clock, attempts, record }),
    leaks: createLeaks({ db, hashKeys, clock, log, record }),
    watch,
    listWatch: createListWatch(),
    supervisor,
    connections,
    proxyModels,
    counters,
    durations,
    files,
    vitals,
    catalog,
    gateway,
    health,
    llms,
    llmKey,
    audit,
    record,
    refusals,
    senders,
    instances,
    withStatus: (...of) => withStatus(running, ...of),
    changed,
    changedAll,
    secretValues: (secret) => openSecret(vault, secret),
    overview: overview.of,
    ready,
    stopping: () => {
      stopping.abort();
      return gateway.drain();
    },
    isStopping: () => stopping.signal.aborted,
    stopSignal: stopping.signal,
    close: async (fast) => {
      stopping.abort();
      health.stop();
      uses.stop();
      watch.close();
      vitals.close();
      await gitBackup.close();
      backups.close();
      gateway.close();
      catalog.close();
      connections.close();
      await supervisor.stop(fast);
      await uses.flush();
      refusals.close();
      await proxyModels.close();
      await audit.close();
      db.close();
    },
  };
}
