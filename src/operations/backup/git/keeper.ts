import { encryptedText } from "../../../lib/age.ts";
import type { Clock } from "../../../lib/clock.ts";
import { createHash } from "../../../lib/crypto.ts";
import { turn } from "../../../lib/wait.ts";
import type { AuditRow } from "../../../storage/audit.ts";
import { lastAuditPlace } from "../../../storage/audit.ts";
import { queryAudit } from "../../../storage/audit-query.ts";
import type { Database, Op } from "../../../storage/op.ts";
import { freshInstance } from "../fresh.ts";
import { recipientsOf } from "../recipients.ts";
import type { Sealing } from "../stage.ts";
import {
  type Document,
  documentIds,
  documentOf,
  isOurs,
  keysFile,
  manifestEnd,
  readme,
  readmeFile,
  recipientsFile,
  sealedEnd,
  tokenDocuments,
} from "./documents.ts";
import { commitsFor, type Difference, seqIn } from "./plan.ts";
import type { FileChange, Repository } from "./repository.ts";

export type Keeping = {
  db: Database;
  repository: Repository;
  sealing: Pick<Sealing, "valuesOf">;
  /** In hex, the instance's own first. */
  bearerKeys: () => readonly string[];
  clock: Clock;
};

const mostEvents = 1_000;
/** So many events are read in one go; of older ones it is only known that something changed. */
const pagesAtMost = 20;

/** Thrown where going on would lose what the repository holds. */
class Waits extends Error {}

/**
 * Makes the repository what the database is: one state of it, compared file by file, committed by who made the changes. A run that was killed is
 * made up for by the next one, since what was committed is compared anew.
 */
export async function syncOnce(
  { db, repository, sealing, bearerKeys, clock }: Keeping,
  isForced = false,
): Promise<{ commits: number; seq: number }> {
  const parent = await repository.tip();
  const known = parent === undefined ? new Map<string, string>() : await repository.files(parent);
  const from = parent === undefined ? 0 : seqIn(await repository.messageOf(parent));
  const snapshot = db.snapshot();
  try {
    const manifests = [...known.keys()].filter((path) => isOurs(path) && path.endsWith(manifestEnd)).length;
    if (!isForced && manifests > 2 && snapshot.now(freshInstance) !== undefined)
      throw new Waits(
        `this instance is new and the repository holds ${manifests} objects: restore them (mcpctl backup git restore), or write over them (mcpctl backup git sync --force)`,
      );
    const recipients = snapshot.now(recipientsOf);
    const seq = snapshot.now(lastAuditPlace).seq;
    const events = eventsAfter(snapshot, from);
    const touched = new Set(events.map(({ resource }) => resource));
    const left = new Set([...known.keys()].filter(isOurs));
    const differences: Difference[] = [];
    const toWhom = recipients.map((recipient) => `${recipient}\n`).join("");
    const isForOthers = recipients.length > 0 && known.get(recipientsFile) !== blobHash(toWhom);

    async function compare(document: Document): Promise<void> {
      const [yaml, sealed] = [document.path + manifestEnd, document.path + sealedEnd];
      const isNew = !known.has(yaml);
      const changes: FileChange[] = [];
      left.delete(yaml);
      if (known.get(yaml) !== blobHash(document.yaml)) changes.push({ path: yaml, text: document.yaml });
      const { secret } = document;
      const isDue = isForOthers || changes.length > 0 || touched.has(document.resource) || !known.has(sealed);
      // Without anybody to seal for, what was sealed stays for as long as it is true.
      if (secret !== undefined && !isDue) left.delete(sealed);
      else if (secret !== undefined && recipients.length > 0) {
        const text = snapshot.now(() => secret);
        left.delete(sealed);
        // Ciphertext is another each time: it is written when there is a reason to.
        if (text !== undefined) changes.push({ path: sealed, text: await encryptedText(text, recipients) });
      }
      if (changes.length > 0) differences.push({ ...document, changes, isNew, isGone: false });
    }

    for (const { kind, id } of snapshot.now(documentIds)) {
      const document = snapshot.now(() => documentOf(kind, id, sealing));
      if (document !== undefined) await compare(document);
      await turn();
    }
    for (const document of snapshot.now(tokenDocuments)) await compare(document);
    const rest: FileChange[] = [];
    left.delete(readmeFile);
    if (known.get(readmeFile) !== blobHash(readme)) rest.push({ path: readmeFile, text: readme });
    left.delete(keysFile);
    if (recipients.length > 0) {
      left.delete(recipientsFile);
      if (isForOthers) rest.push({ path: recipientsFile, text: toWhom });
      if (isForOthers || !known.has(keysFile))
        rest.push({ path: keysFile, text: await encryptedText(JSON.stringify({ bearer: bearerKeys() }), recipients) });
    }
    for (const path of left) if (path.endsWith(manifestEnd)) differences.push(goneOf(path, left));
    const orphans = [...left].filter(
      (path) => path.endsWith(sealedEnd) && !left.has(path.replace(/\.age$/, manifestEnd)),
    );
    rest.push(...orphans.map((path) => ({ path })));
    if (rest.length > 0)
      differences.push({ resource: "", project: undefined, changes: rest, isNew: false, isGone: false });
    const commits = commitsFor(differences, events, seq, clock.now());
    if (commits.length > 0) await repository.commit(commits, parent);
    return { commits: commits.length, seq };
  } finally {
    snapshot.close();
  }
}

function goneOf(yaml: string, left: ReadonlySet<string>): Difference {
  const path = yaml.slice(0, -manifestEnd.length);
  const [plural = "", ...words] = path.split("/");
  const changes = [yaml, ...(left.has(path + sealedEnd) ? [path + sealedEnd] : [])].map((one) => ({ path: one }));
  const project = words.length > 1 ? words[0] : undefined;
  return { resource: `${plural}/${words.at(-1)}`, project, changes, isNew: false, isGone: true };
}

type Snapshot = ReturnType<Database["snapshot"]>;

function eventsAfter(snapshot: Pick<Snapshot, "now">, seq: number): AuditRow[] {
  const events: AuditRow[] = [];
  for (let [page, after] = [0, seq]; page < pagesAtMost; page++) {
    const rows = snapshot.now(() => queryAudit({ kind: "change", outcome: "ok" }, { after, limit: mostEvents }));
    events.push(...rows);
    after = rows.at(-1)?.seq ?? after;
    if (rows.length < mostEvents) break;
  }
  return events;
}

/** How many changes were recorded after this event; no more than a page of them is counted. */
export function* pendingChanges(seq: number): Op<number> {
  return (yield* queryAudit({ kind: "change", outcome: "ok" }, { after: seq, limit: mostEvents })).length;
}

/** As git names a file's content. */
const blobHash = (text: string): string =>
  createHash("sha1")
    .update(`blob ${Buffer.byteLength(text)}\0`)
    .update(text)
    .digest("hex");
