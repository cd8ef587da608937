import { checkRecipients } from "../../lib/age.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import type { Outcome } from "../../operations/backup/put-back.ts";
import { recipientsOf, setRecipients } from "../../operations/backup/recipients.ts";
import { demandEverything } from "../../rbac/ceiling.ts";
import { type Strategy, strategies } from "../../resources/backup-strategy.ts";
import { oneOf } from "../../resources/define.ts";
import { pieceBytes } from "../backup.ts";
import { readBytes, typedBody } from "../body.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Call, type Route } from "../route.ts";

const tag = "operations";
const backup = { operation: "backup" };
const restore = { operation: "restore" };

const Recipients = Type.Array(Type.String({ maxLength: 4096 }), {
  maxItems: 20,
  description: "age recipients (age1…) whose identities open it",
});
const BackupBody = Type.Object({
  recipients: Type.Optional(Recipients),
  audit: Type.Optional(Type.Boolean({ description: "With the audit log" })),
});
const RecipientsBody = Type.Object({ recipients: Recipients });
const BeginBody = Type.Object({
  bytes: Type.Integer({ minimum: 1, description: "How long the file is at most that will be sent" }),
});
const RestoreBody = Type.Object({
  strategy: Type.Optional(oneOf(strategies, "What is done with what is here already and differs; fail when absent")),
  dryRun: Type.Optional(Type.Boolean({ description: "Say what would be done, and do nothing" })),
});

export const backupRoutes: Route[] = [
  {
    method: "POST",
    path: "/api/v1/backup",
    permission: backup,
    tag,
    summary: "All of the instance as one file of age, for the recipients that are set; for others it takes every right",
    body: () => BackupBody,
    mediaType: "application/octet-stream",
    handle: async (call, rooms) => {
      const { recipients: asked = [], audit: withAudit = false } = await typedBody<{
        recipients?: string[];
        audit?: boolean;
      }>(call.request, BackupBody);
      call.keepOpen();
      if (withAudit) await rooms.audit.flush();
      const { recipients, by } = await asCaller("read", call, rooms, function* (rights) {
        const own = yield* recipientsOf();
        // Whoever can open it has read every secret: only for whom the instance itself has chosen is `backup` enough.
        if (asked.some((recipient) => !own.includes(recipient)))
          demandEverything(rights, "a backup for another key gives rights");
        return { recipients: asked.length > 0 ? asked : own, by: { actor: rights.actor, address: rights.address } };
      });
      if (recipients.length === 0)
        throw new Problem("invalid", "Whom is the backup for? This instance has no recipients of its own", {
          hint: "mcpctl backup --recipient age1… or --passphrase-file FILE; mcpctl backup recipients age1… sets them",
        });
      await checkRecipients(recipients);
      const { header, bytes, body } = await rooms.backups.make(recipients, withAudit);
      const { clock } = rooms;
      rooms.audit.note({
        at: clock.now(),
        kind: "change",
        outcome: "ok",
        ...by,
        action: "backup",
        resource: "backup",
        detail: { recipients, counts: header.counts },
      });
      return new Response(body, {
        headers: {
          "content-type": "application/octet-stream",
          "content-length": String(bytes),
          "cache-control": "no-store",
          "mcpctl-backup-counts": JSON.stringify(header.counts),
        },
      });
    },
  },
  {
    method: "GET",
    path: "/api/v1/backup/recipients",
    permission: backup,
    tag,
    summary: "Whom backups are for when nobody says, and what the git backup seals secrets for",
    answer: () => RecipientsBody,
    handle: async (_, { db }) => ({ recipients: await db.read(recipientsOf) }),
  },
  {
    method: "PUT",
    path: "/api/v1/backup/recipients",
    permission: backup,
    tag,
    summary: "Set them; takes every right, since who can open backups reads every secret",
    body: () => RecipientsBody,
    answer: () => RecipientsBody,
    handle: async (call, rooms) => {
      const { recipients } = await typedBody<{ recipients: string[] }>(call.request, RecipientsBody);
      await checkRecipients(recipients);
      const by = await asCaller("write", call, rooms, function* (rights) {
        demandEverything(rights, "who can open backups has rights");
        yield* setRecipients(recipients);
        return { actor: rights.actor, address: rights.address };
      });
      const entry = { at: rooms.clock.now(), kind: "change", outcome: "ok", ...by } as const;
      rooms.audit.note({ ...entry, action: "set-recipients", resource: "backup", detail: { recipients } });
      return { recipients };
    },
  },
  {
    method: "POST",
    path: "/api/v1/restore",
    permission: restore,
    tag,
    summary:
      "Begin to send a backup; answers the age recipient it is to be encrypted for, and how large a piece may be",
    body: () => BeginBody,
    answer: () =>
      Type.Object({
        id: Type.String({ description: "Names what is sent, for an hour at most" }),
        recipient: Type.String({ description: "The age recipient that it is encrypted for" }),
        pieceBytes: Type.Integer({ description: "How much of it one request brings at most" }),
      }),
    status: 201,
    handle: async (call, rooms) => {
      const { bytes } = await typedBody<{ bytes: number }>(call.request, BeginBody);
      await everything(call, rooms);
      return await rooms.backups.begin(bytes);
    },
  },
  {
    method: "PUT",
    path: "/api/v1/restore/:id/:offset",
    permission: restore,
    tag,
    summary: "Send the piece of it that begins at this byte, as application/octet-stream",
    answer: () => Type.Object({ received: Type.Integer({ description: "Bytes that are here" }) }),
    handle: async (call, rooms) => {
      const { id = "", offset = "" } = call.params;
      await everything(call, rooms);
      const bytes = await readBytes(call.request, ["application/octet-stream"], pieceBytes);
      return await rooms.backups.piece(id, Number(offset), new Uint8Array(bytes));
    },
  },
  {
    method: "POST",
    path: "/api/v1/restore/:id",
    permission: restore,
    tag,
    summary: "Check what was sent, and put it back: all of it in one transaction, or nothing. Takes every right",
    body: () => RestoreBody,
    answer: () => restoreAnswer,
    handle: async (call, rooms) => {
      const { strategy = "fail", dryRun = false } = await typedBody<{ strategy?: Strategy; dryRun?: boolean }>(
        call.request,
        RestoreBody,
      );
      const { id = "" } = call.params;
      await everything(call, rooms);
      call.keepOpen();
      return await rooms.backups.withSound(id, async (sound) => {
        const { outcomes, ...rest } = await rooms.restore(sound, strategy, dryRun, call, rooms);
        return { ...summaryOf(outcomes), ...rest, createdAt: sound.header.createdAt, version: sound.header.version };
      });
    },
  },
  {
    method: "DELETE",
    path: "/api/v1/restore/:id",
    permission: restore,
    tag,
    summary: "Forget what was sent",
    handle: ({ params }, rooms) => rooms.backups.drop(params["id"] ?? ""),
  },
];

/** Before anything of it is stored: who may not restore fills no disk. */
const everything = (call: Call, rooms: Rooms): Promise<void> =>
  asCaller("read", call, rooms, function* (rights) {
    demandEverything(rights, "a restore gives rights");
  });

const mostTold = 200;
const Told = Type.Object({
  kind: Type.String(),
  name: Type.String(),
  action: Type.String(),
  why: Type.Optional(Type.String()),
});
export const restoreAnswer = Type.Object({
  counts: Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer()), {
    description: "By kind, how many were created, overwritten, skipped, unchanged, left out",
  }),
  notable: Type.Array(Told, { description: `What was neither new nor the same; the first ${mostTold}` }),
  auditEvents: Type.Optional(Type.Integer({ description: "How many came with the audit log, where it was put back" })),
  auditLeftOut: Type.Boolean({
    description: "Whether the backup's audit log stayed out: the instance has one of its own",
  }),
  endsLogin: Type.Boolean({ description: "Whether the caller has to log in again" }),
});

export function summaryOf(outcomes: readonly Outcome[]) {
  const counts: Record<string, Record<string, number>> = {};
  for (const { kind, action } of outcomes) {
    const of = counts[kind.plural] ?? {};
    counts[kind.plural] = { ...of, [action]: (of[action] ?? 0) + 1 };
  }
  const notable = outcomes
    .filter(({ action }) => action !== "created" && action !== "unchanged")
    .slice(0, mostTold)
    .map(({ kind, name, action, why }) => ({ kind: kind.kind, name, action, ...(why === undefined ? {} : { why }) }));
  return { counts, notable };
}
