import type { BearerKeys } from "../auth/bearer.ts";
import type { Leaks } from "../auth/leaks.ts";
import type { PasswordChange } from "../auth/own-password.ts";
import type { Logins } from "../auth/session.ts";
import type { HealthWatch } from "../instances/health-watch.ts";
import type { Supervisor } from "../instances/supervisor.ts";
import type { Clock } from "../lib/clock.ts";
import type { Counters } from "../lib/counters.ts";
import type { CallDurations } from "../lib/durations.ts";
import type { LevelledLog } from "../lib/log.ts";
import type { LlmRef } from "../llm/exchange.ts";
import type { Llms } from "../llm/llms.ts";
import type { Catalog } from "../mcp/catalog/catalog.ts";
import type { Gateway } from "../mcp/gateway.ts";
import type { Connections } from "../mcp/upstream/connections.ts";
import type { Audit } from "../operations/audit.ts";
import type { Refusals } from "../operations/refusals.ts";
import type { GuardedStore } from "../rbac/guarded-store.ts";
import type { Recorder } from "../rbac/record.ts";
import type { Rights } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import type { Database, Op } from "../storage/op.ts";
import type { Backups } from "./backup.ts";
import type { Config } from "./config.ts";
import type { Credentials } from "./credentials.ts";
import type { GitBackup } from "./git-backup.ts";
import type { ListWatch } from "./listing-watch.ts";
import type { OpenFiles } from "./open-files.ts";
import type { Overview } from "./overview.ts";
import type { ProxyModels } from "./proxy-models.ts";
import type { ReadinessCheck } from "./readiness.ts";
import type { Restorer } from "./restore.ts";
import type { Senders } from "./sender.ts";
import type { Vitals } from "./vitals.ts";
import type { Watch } from "./watch.ts";

/** Everything a route may reach. Put together once, in compose.ts; nothing here is a singleton. */
/** What a commit changed. */
export type Changed = { kind: AnyKind; id: string };

export type Rooms = {
  config: Config;
  clock: Clock;
  log: LevelledLog;
  startedAt: number;
  db: Database;
  /** The keys under which bearers are stored. */
  hashKeys: BearerKeys;
  /** What requests show of who sends them. */
  credentials: Credentials;
  store: GuardedStore;
  logins: Logins;
  leaks: Leaks;
  backups: Backups;
  gitBackup: GitBackup;
  /** Puts a backup that was found sound back, as far as the strategy lets it. */
  restore: Restorer;
  changePassword: (change: PasswordChange) => Promise<void>;
  /** Ends what is open when it may no longer be. */
  watch: Watch;
  /** Lists that are watched. */
  listWatch: ListWatch;
  supervisor: Supervisor;
  connections: Connections;
  counters: Counters;
  durations: CallDurations;
  files: OpenFiles;
  vitals: Vitals;
  catalog: Catalog;
  gateway: Gateway;
  proxyModels: ProxyModels;
  health: HealthWatch;
  llms: Llms;
  /** The key of an llm, as it is in this transaction. @throws Problem `unavailable` when its secret is not there */
  llmKey: (llm: Pick<LlmRef, "name" | "fields">) => Op<string | undefined>;
  /** What a secret holds, for merging into it. */
  secretValues: (secret: Pick<Resource, "id" | "version">) => Op<Record<string, string> | undefined>;
  audit: Audit;
  /** For changes that are made beside the store, such as a login for a service account. */
  record: Recorder;
  /** The road into the audit log for what was refused, so that a flood of it stays small. */
  refusals: Refusals;
  senders: Senders;
  instances: () => Resource[];
  /** `visible`: for a project, those of its servers that the caller may view, by name. */
  withStatus: (kind: AnyKind, item: Resource, visible?: ReadonlyMap<string, Resource>) => Resource;
  /** After a commit: what runs is brought in line with what was written. */
  changed: (kind: AnyKind, resource: Resource) => Promise<void>;
  changedAll: (changed: readonly Changed[]) => Promise<void>;
  overview: (rights: Rights) => Promise<Overview>;
  ready: ReadinessCheck;
  /** From now on readiness fails and new calls are refused, so that nobody sends new work. Resolves once what was under way is answered. */
  stopping: () => Promise<void>;
  isStopping: () => boolean;
  /** Fires then, for what would go on for as long as somebody listens. */
  stopSignal: AbortSignal;
  /** Lets go of everything: instances first, the database last. */
  close: (fast: boolean) => Promise<void>;
};
