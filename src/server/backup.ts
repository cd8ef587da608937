import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BearerKeys } from "../auth/bearer.ts";
import { type Bytes, decrypted, encrypted, newPair, streamOf } from "../lib/age.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { type Header, written } from "../operations/backup/format.ts";
import { type Sound, staged } from "../operations/backup/stage.ts";
import { taken } from "../operations/backup/take.ts";
import type { MasterKey } from "../secrets/master-key.ts";
import { openSecret } from "../secrets/secret-aside.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Database, Op, Row } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";

type Needs = { db: Database; master: MasterKey; vault: Vault; hashKeys: BearerKeys; dataDir: string; clock: Clock };

/** A backup that is coming in: sent in pieces, for a key that lives as long as this does. */
type Upload = {
  path: string;
  identity: string;
  /** It is longer in no case; where it ends says the file itself, in a way that nobody can forge. */
  most: number;
  received: number;
  begunAt: number;
  isBusy: boolean;
  sound?: Sound;
};

const mostBytes = 4 * 1024 ** 3;
const mostUploads = 4;
/** Being made, or not read to their end yet: each is a file as large as the instance. */
const mostMade = 4;
const uploadMs = 3_600_000;
/** What one request brings of it. */
export const pieceBytes = 4 * 1024 * 1024;

export type Backups = ReturnType<typeof createBackups>;

/** Makes backups, and takes those that come in as far as they are sound. Whatever lies on disk meanwhile is ciphertext, or as our own database. */
export function createBackups({ db, master, vault, hashKeys, dataDir, clock }: Needs) {
  const folder = join(dataDir, "backups");
  // What a process left that was killed in the middle is of no use to anybody.
  rmSync(folder, { recursive: true, force: true });
  const uploads = new Map<string, Upload>();
  const made = new Set<string>();
  const pathOf = (id: string, end: string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return join(folder, `${id}.${end}`);
  };

  function* valuesOf({ secret_id: id }: Row): Op<Record<string, string>> {
    const secret = yield* findResource("secret", String(id));
    const values = secret === undefined ? undefined : yield* openSecret(vault, secret);
    if (values === undefined) throw new Problem("internal", "a secret's values are of no secret");
    return values;
  }

  const keys: () => Header["keys"] = () => ({
    bearer: hashKeys.map((key) => key.toString("hex")),
    audit: master.derive("audit").toString("hex"),
  });

  /** Writes it to a file of ours first, so that a slow reader holds no state of the database, and a failure is told rather than a torn file. */
  async function make(recipients: readonly string[], withAudit: boolean) {
    if (made.size >= mostMade)
      throw new Problem("unavailable", "Other backups are being made", { hint: "try again when they are done" });
    const snapshot = db.snapshot();
    const path = pathOf(newId(), "age");
    made.add(path);
    const remove = () => {
      made.delete(path);
      rmSync(path, { force: true });
    };
    try {
      const { header, entries } = taken(snapshot, { keys: keys(), valuesOf }, withAudit, clock.now());
      const bytes = encrypted(written(header, entries), { recipients });
      const { pipeline } = await import("node:stream/promises");
      await pipeline(bytes, createWriteStream(path, { mode: 0o600, flags: "wx" }));
      return { header, bytes: statSync(path).size, body: streamOf(fileOnce(path, remove)) };
    } catch (error) {
      remove();
      throw error;
    } finally {
      snapshot.close();
    }
  }

  async function begin(total: number) {
    for (const [id, { begunAt }] of uploads) if (clock.now() - begunAt > uploadMs) drop(id);
    if (total > mostBytes)
      throw new Problem("invalid", "This backup is over 4 GiB, which is more than is taken", { status: 413 });
    if (uploads.size >= mostUploads)
      throw new Problem("unavailable", "Other backups are being restored", { hint: "try again when they are done" });
    const [id, { identity, recipient }] = [newId(), await newPair()];
    uploads.set(id, {
      path: pathOf(id, "age"),
      identity,
      most: total,
      received: 0,
      begunAt: clock.now(),
      isBusy: false,
    });
    return { id, recipient, pieceBytes };
  }

  const upload = (id: string): Upload => {
    const found = uploads.get(id);
    if (found !== undefined) return found;
    throw new Problem("not_found", "There is no such restore; it may have taken over an hour", {
      hint: "mcpctl restore FILE",
    });
  };

  async function piece(id: string, offset: number, bytes: Uint8Array): Promise<{ received: number }> {
    return await busy(upload(id), async (found) => {
      if (offset !== found.received || found.sound !== undefined)
        throw new Problem("conflict", `The next piece begins at ${found.received}`);
      if (offset + bytes.length > found.most) throw new Problem("invalid", "There is more than was said");
      const { open } = await import("node:fs/promises");
      const file = await open(found.path, "a", 0o600);
      try {
        await file.write(bytes);
      } finally {
        await file.close();
      }
      found.received += bytes.length;
      return { received: found.received };
    });
  }

  /** Works on it once all of it is here and was found sound. */
  async function withSound<T>(id: string, work: (sound: Sound) => Promise<T>): Promise<T> {
    return await busy(upload(id), async (found) => {
      found.sound ??= await staged(
        decrypted(createReadStream(found.path), { identities: [found.identity] }),
        pathOf(id, "db"),
        { seal: vault.seal, valuesOf },
      );
      return await work(found.sound);
    });
  }

  function drop(id: string): void {
    const found = uploads.get(id);
    uploads.delete(id);
    found?.sound?.db.close();
    if (found !== undefined) rmSync(found.path, { force: true });
  }

  return {
    make,
    begin,
    piece,
    withSound,
    drop,
    sealing: { seal: vault.seal, valuesOf },
    close: () => {
      for (const id of uploads.keys()) drop(id);
    },
  };
}

async function busy<T>(found: Upload, work: (found: Upload) => Promise<T>): Promise<T> {
  if (found.isBusy) throw new Problem("conflict", "This restore is being worked on already");
  found.isBusy = true;
  try {
    return await work(found);
  } finally {
    found.isBusy = false;
  }
}

/** Read once, then gone; also when the reader goes before the first byte, which no `finally` of a generator hears of. */
function fileOnce(path: string, remove: () => void): Bytes {
  async function* reading() {
    try {
      yield* createReadStream(path);
    } finally {
      remove();
    }
  }
  return {
    [Symbol.asyncIterator]() {
      const pieces = reading();
      return {
        next: () => pieces.next(),
        async return() {
          await pieces.return();
          remove();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
