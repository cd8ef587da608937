import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BearerKeys } from "../auth/bearer.ts";
import type { Keys } from "../lib/age.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/id.ts";
import type { Log } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import type { Audit } from "../operations/audit.ts";
import { written } from "../operations/backup/format.ts";
import type { Programs } from "../operations/backup/git/git.ts";
import { pendingChanges } from "../operations/backup/git/keeper.ts";
import { type GitKeeper, keepInGit, unreachable } from "../operations/backup/git/keeper-loop.ts";
import { type Place, shownUrl } from "../operations/backup/git/place.ts";
import { readCommit } from "../operations/backup/git/read.ts";
import { openRepository } from "../operations/backup/git/repository.ts";
import { recipientsOf } from "../operations/backup/recipients.ts";
import { type Sound, staged } from "../operations/backup/stage.ts";
import { getKept, putKept } from "../secrets/kept.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Database, Op } from "../storage/op.ts";
import type { Backups } from "./backup.ts";

type Needs = {
  db: Database;
  vault: Vault;
  hashKeys: BearerKeys;
  backups: Pick<Backups, "sealing">;
  audit: Pick<Audit, "follow" | "flush">;
  dataDir: string;
  programs: Programs;
  clock: Clock;
  log: Log;
};

export type GitBackup = Awaited<ReturnType<typeof createGitBackup>>;

/** The git backup of this instance: off until somebody enables it, and then for good, over every restart. */
export async function createGitBackup({ db, vault, hashKeys, backups, audit, dataDir, programs, clock, log }: Needs) {
  const own = join(dataDir, "git-backup");
  const place = await db.read(() => placeKept(vault));
  let keeper: GitKeeper | undefined = place === undefined ? undefined : keep(place);

  function keep(at: Place): GitKeeper {
    return keepInGit({
      place: at,
      open: (to) => openRepository(to, own, programs),
      follow: audit.follow,
      db,
      sealing: backups.sealing,
      bearerKeys: () => hashKeys.map((key) => key.toString("hex")),
      clock,
      log,
    });
  }

  const enabled = (): GitKeeper => {
    if (keeper !== undefined) return keeper;
    throw new Problem("conflict", "the git backup is not enabled", { hint: "mcpctl backup git enable REPO" });
  };

  return {
    place: () => keeper?.place,
    /** Tried before it is kept: a repository that cannot be opened is refused. @throws Problem */
    async enable(at: Place): Promise<void> {
      const tried = openRepository(at, `${own}.new`, programs);
      try {
        const repository = await tried;
        await repository.fetch();
      } catch (error) {
        throw error instanceof Problem ? error : unreachable(error);
      } finally {
        rmSync(`${own}.new`, { recursive: true, force: true });
      }
      await db.write(() => putKept(vault, "git-backup", { ...at, isOn: "true" }));
      await keeper?.close();
      rmSync(own, { recursive: true, force: true });
      keeper = keep(at);
    },
    /** What is in the repository stays there. */
    async disable(): Promise<void> {
      enabled();
      await db.write(() => putKept(vault, "git-backup", { isOn: "false" }));
      await keeper?.close();
      keeper = undefined;
      rmSync(own, { recursive: true, force: true });
    },
    async sync(isForced: boolean): Promise<void> {
      await audit.flush();
      try {
        await enabled().sync(isForced);
      } catch (error) {
        throw error instanceof Problem ? error : unreachable(error);
      }
    },
    log: async (limit: number) => await (await enabled().repository()).log(limit),
    /** A commit, or the last one, read and checked as a backup is. To be closed. */
    async sound(
      commit: string | undefined,
      keys: Keys | undefined,
    ): Promise<Sound & { commit: string; sealedOut: number }> {
      const repository = await enabled().repository();
      if (!repository.isLocal && commit === undefined) await repository.fetch().catch(() => {});
      const hash = commit === undefined ? await repository.tip() : await repository.commitOf(commit);
      if (hash === undefined)
        throw new Problem("not_found", "there is no commit yet", { hint: "mcpctl backup git sync" });
      const { header, entries, sealedOut } = await readCommit(repository, hash, keys, clock.now());
      mkdirSync(join(dataDir, "backups"), { recursive: true, mode: 0o700 });
      const sound = await staged(
        written(header, [entries]),
        join(dataDir, "backups", `${newId()}.db`),
        backups.sealing,
      );
      return { ...sound, commit: hash, sealedOut };
    },
    async status() {
      const recipients = await db.read(recipientsOf);
      if (keeper === undefined) return { enabled: false, pendingCount: 0, recipients };
      const { url, branch, path } = keeper.place;
      const { gitReachable, lastSyncAt, lastPushAt, lastError } = keeper.state;
      const time = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
      return {
        enabled: true,
        repoUrl: shownUrl(url),
        branch,
        path,
        gitReachable,
        lastSyncAt: time(lastSyncAt),
        lastPushAt: time(lastPushAt),
        lastError,
        pendingCount: await db.read(() => pendingChanges(keeper?.syncedSeq() ?? 0)),
        recipients,
      };
    },
    close: async () => await keeper?.close(),
  };
}

function* placeKept(vault: Vault): Op<Place | undefined> {
  const { url, branch, path, isOn } = (yield* getKept(vault, "git-backup")) ?? {};
  return isOn !== "true" || url === undefined || branch === undefined || path === undefined
    ? undefined
    : { url, branch, path };
}
