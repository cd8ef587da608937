import { Problem } from "../lib/problem.ts";
import { freshInstance, moveLogins } from "../operations/backup/fresh.ts";
import { type Outcome, putBack } from "../operations/backup/put-back.ts";
import { putBackAudit } from "../operations/backup/put-back-audit.ts";
import type { Sound } from "../operations/backup/stage.ts";
import { demandEverything } from "../rbac/ceiling.ts";
import type { SourceOf } from "../rbac/guarded-store.ts";
import { type Recorder, recordConsequences } from "../rbac/record.ts";
import type { Rights } from "../rbac/rights.ts";
import { anAdministratorExists } from "../rbac/safeguards.ts";
import { type Consequence, present } from "../rbac/source.ts";
import type { Strategy } from "../resources/backup-strategy.ts";
import type { AnyKind } from "../resources/define.ts";
import { Rbac } from "../resources/rbac.ts";
import { User } from "../resources/user.ts";
import { getKept, putKept } from "../secrets/kept.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Op } from "../storage/op.ts";
import type { Backups } from "./backup.ts";
import { rehearse } from "./rehearsal.ts";
import type { Changed, Rooms } from "./rooms.ts";
import { asCaller, type Call } from "./route.ts";

type Needs = {
  backups: Pick<Backups, "sealing">;
  /** Under which this instance stores bearers itself. */
  hashKey: Buffer;
  vault: Vault;
  auditKey: Buffer;
  sourceOf: SourceOf;
  record: Recorder;
  /** After the commit: what changed, and the keys under which restored tokens are stored. */
  restored: (changed: readonly Changed[], bearerKeys: readonly Buffer[]) => Promise<void>;
};

type Restored = {
  outcomes: Outcome[];
  /** Undefined when the backup has none, or the instance has a log of its own. */
  auditEvents: number | undefined;
  auditLeftOut: boolean;
  /** The caller's login ended with the account it was of. */
  endsLogin: boolean;
};

export type Restorer = ReturnType<typeof restorer>;

/** Whoever restores gives accounts, rights and secrets as a backup says: only who may do everything gives nothing that they do not hold. */
export function restorer({ backups, hashKey, vault, auditKey, sourceOf, record, restored }: Needs) {
  function* all({ db, header }: Sound, strategy: Strategy, rights: Rights): Op<Restored & { keys: string[] }> {
    demandEverything(rights, "a restore gives rights");
    const hasAudit = header.counts["audit_events"] !== undefined;
    const auditEvents = hasAudit ? yield* putBackAudit(db, auditKey) : undefined;
    const auditLeftOut = hasAudit && auditEvents === undefined;
    const fresh = yield* freshInstance();
    const end = endWith(rights);
    if (fresh !== undefined) {
      yield* end(Rbac, fresh.definition.id);
      yield* end(User, fresh.user.id);
    }
    const outcomes = yield* putBack(db, {
      ...backups.sealing,
      strategy,
      end,
      wrote: (kind, before, after) =>
        record(rights, {
          kind,
          action: before === undefined ? "create" : "update",
          before: before && present(before),
          after: present(after),
        }),
    });
    const isMoved = fresh === undefined || (yield* moveLogins(fresh));
    if (!(yield* anAdministratorExists()))
      throw new Problem("conflict", "after this nobody here could do everything: no account in the backup can", {
        hint: "restore into an instance that has an administrator of its own",
      });
    const keys = yield* rememberKeys(header.keys.bearer);
    const isThere = (yield* sourceOf(User).find(rights.userId)) !== undefined;
    return { outcomes, auditEvents, auditLeftOut, endsLogin: !isThere && !isMoved, keys };
  }

  const endWith = (rights: Rights) =>
    function* (kind: AnyKind, id: string): Op<void> {
      const source = sourceOf(kind);
      const item = yield* source.find(id);
      if (item === undefined || source.remove === undefined) return;
      const consequences: Consequence[] = [];
      yield* source.remove(item, (consequence) => void consequences.push(consequence));
      yield* record(rights, { kind, action: "delete", before: item });
      yield* recordConsequences(record, rights, consequences);
    };

  function* rememberKeys(given: readonly string[]): Op<string[]> {
    const known = yield* formerBearerKeys(vault);
    const own = [hashKey.toString("hex"), ...known];
    const fresh = given.filter((key) => !own.includes(key));
    if (fresh.length > 0) yield* putKept(vault, "bearer-keys", { keys: [...known, ...fresh].join() });
    return fresh;
  }

  /** All of it or nothing, in one transaction; of a rehearsal nothing stays. */
  return async (
    sound: Sound,
    strategy: Strategy,
    isRehearsal: boolean,
    call: Call,
    rooms: Rooms,
  ): Promise<Restored> => {
    if (isRehearsal) return await rehearse(call, rooms, (rights) => all(sound, strategy, rights));
    const { keys, ...done } = await asCaller("write", call, rooms, (rights) => all(sound, strategy, rights));
    const changed = done.outcomes
      .filter(({ action }) => action === "created" || action === "overwritten")
      .map(({ kind, id }) => ({ kind, id }));
    await restored(
      changed,
      keys.map((key) => Buffer.from(key, "hex")),
    );
    return done;
  };
}

/** Keys of other instances, in hex. */
export function* formerBearerKeys(vault: Vault): Op<string[]> {
  const kept = (yield* getKept(vault, "bearer-keys"))?.["keys"] ?? "";
  return kept.split(",").filter((key) => key !== "");
}
