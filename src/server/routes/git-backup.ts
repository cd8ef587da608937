import * as Type from "../../lib/type.ts";
import { placeOf, shownUrl } from "../../operations/backup/git/place.ts";
import { demandEverything } from "../../rbac/ceiling.ts";
import type { Rights } from "../../rbac/rights.ts";
import { type Strategy, strategies } from "../../resources/backup-strategy.ts";
import { oneOf } from "../../resources/define.ts";
import { wholeNumber } from "../audit-query.ts";
import { typedBody } from "../body.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Call, type Route } from "../route.ts";
import { restoreAnswer, summaryOf } from "./backup.ts";

const tag = "operations";
const backup = { operation: "backup" };

const EnableBody = Type.Object({
  url: Type.String({
    maxLength: 2048,
    description: "An absolute path on the server, https://…, ssh://… or user@host:path; what opens it is never shown",
  }),
  branch: Type.Optional(Type.String({ maxLength: 100, description: "main when absent" })),
  path: Type.Optional(
    Type.String({ maxLength: 640, description: "A folder within the repository; its root when absent" }),
  ),
});
const SyncBody = Type.Object({
  force: Type.Optional(Type.Boolean({ description: "Also when a new instance would write over what is there" })),
});
const RestoreBody = Type.Object({
  commit: Type.Optional(Type.String({ maxLength: 64, description: "The last one when absent" })),
  strategy: Type.Optional(oneOf(strategies, "What is done with what is here already and differs; fail when absent")),
  dryRun: Type.Optional(Type.Boolean({ description: "Say what would be done, and do nothing" })),
  identities: Type.Optional(
    Type.Array(Type.String({ maxLength: 4096 }), {
      maxItems: 20,
      description: "age identities that open what is sealed; used for this and kept nowhere. Without them it stays out",
    }),
  ),
});
const text = (description: string) => Type.Optional(Type.String({ description }));
const Status = Type.Object({
  enabled: Type.Boolean({ description: "Whether changes are kept in git" }),
  repoUrl: text("Without what opens it"),
  branch: text("The branch that commits go to"),
  path: text("The folder within the repository"),
  gitReachable: Type.Optional(Type.Boolean({ description: "Whether the last try got through" })),
  lastSyncAt: text("When the repository was last brought in line, ISO 8601"),
  lastPushAt: text("When it was last pushed, ISO 8601"),
  lastError: text("Why it did not get through; absent when it did"),
  pendingCount: Type.Integer({ description: "Changes that are not committed yet; at most 1000 are counted" }),
  recipients: Type.Array(Type.String(), { description: "For whom secrets are sealed; without any they stay out" }),
});
const LogAnswer = Type.Object({
  items: Type.Array(
    Type.Object({ hash: Type.String(), date: Type.String(), author: Type.String(), message: Type.String() }),
    { description: "Commits, the newest first" },
  ),
});

export const gitBackupRoutes: Route[] = [
  {
    method: "GET",
    path: "/api/v1/backup/status",
    permission: backup,
    tag,
    summary: "Where the git backup goes, whether it gets through, and what waits",
    answer: () => Status,
    handle: (_, { gitBackup }) => gitBackup.status(),
  },
  {
    method: "PUT",
    path: "/api/v1/backup/git",
    permission: backup,
    tag,
    summary:
      "Keep each change as a commit in this repository; takes every right, since the server writes there as itself",
    body: () => EnableBody,
    handle: async (call, rooms) => {
      const place = placeOf(await typedBody<{ url: string; branch?: string; path?: string }>(call.request, EnableBody));
      const by = await all(call, rooms);
      await rooms.gitBackup.enable(place);
      note(rooms, by, "git-enable", { repoUrl: shownUrl(place.url), branch: place.branch, path: place.path });
      return await rooms.gitBackup.status();
    },
  },
  {
    method: "DELETE",
    path: "/api/v1/backup/git",
    permission: backup,
    tag,
    summary: "Stop keeping changes in git; what is in the repository stays. Takes every right",
    handle: async (call, rooms) => {
      const by = await all(call, rooms);
      await rooms.gitBackup.disable();
      note(rooms, by, "git-disable", {});
      return await rooms.gitBackup.status();
    },
  },
  {
    method: "POST",
    path: "/api/v1/backup/git/sync",
    permission: backup,
    tag,
    summary: "Bring the repository in line now, and push it",
    body: () => SyncBody,
    handle: async (call, rooms) => {
      const { force = false } = await typedBody<{ force?: boolean }>(call.request, SyncBody);
      if (force) await all(call, rooms);
      call.keepOpen();
      await rooms.gitBackup.sync(force);
      return await rooms.gitBackup.status();
    },
  },
  {
    method: "GET",
    path: "/api/v1/backup/git/log",
    permission: backup,
    tag,
    summary: "The last commits: what was changed, by whom",
    query: { limit: "How many at most: up to 1000; 20 when absent" },
    answer: () => LogAnswer,
    handle: async ({ query }, { gitBackup }) => ({
      items: await gitBackup.log(wholeNumber("limit", query, { least: 1, most: 1000 }) ?? 20),
    }),
  },
  {
    method: "POST",
    path: "/api/v1/backup/git/restore",
    permission: { operation: "restore" },
    tag,
    summary: "Put back what a commit holds: checked first, in one transaction, or nothing. Takes every right",
    body: () => RestoreBody,
    answer: () => restoreAnswer,
    handle: async (call, rooms) => {
      const {
        commit,
        strategy = "fail",
        dryRun = false,
        identities = [],
      } = await typedBody<{
        commit?: string;
        strategy?: Strategy;
        dryRun?: boolean;
        identities?: string[];
      }>(call.request, RestoreBody);
      await all(call, rooms);
      call.keepOpen();
      const sound = await rooms.gitBackup.sound(commit, identities.length === 0 ? undefined : { identities });
      try {
        const { outcomes, ...rest } = await rooms.restore(sound, strategy, dryRun, call, rooms);
        return { ...summaryOf(outcomes), ...rest, commit: sound.commit, sealedOut: sound.sealedOut };
      } finally {
        sound.db.close();
      }
    },
  },
];

type By = Pick<Rights, "actor" | "address">;

/** @throws Problem `forbidden` */
const all = (call: Call, rooms: Rooms): Promise<By> =>
  asCaller("read", call, rooms, function* (rights) {
    demandEverything(rights, "the git backup writes with rights");
    return { actor: rights.actor, address: rights.address };
  });

const note = ({ audit, clock }: Rooms, by: By, action: string, detail: Record<string, unknown>): void =>
  audit.note({ at: clock.now(), kind: "change", outcome: "ok", ...by, action, resource: "backup", detail });
