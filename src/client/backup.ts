import { type Bytes, encrypted } from "../lib/age.ts";
import type { Client } from "./client.ts";

/** What a restore does or would do: by kind how many became what, and what was neither new nor the same. */
export type Restored = {
  counts: Record<string, Record<string, number>>;
  notable: { kind: string; name: string; action: string; why?: string }[];
  auditEvents?: number;
  auditLeftOut: boolean;
  endsLogin: boolean;
  createdAt?: string;
  version?: string;
};
export type RestoreOptions = { strategy: string; dryRun: boolean };

const longMs = 3_600_000;
/** What sealing it anew may add to a file. */
const spare = 64 * 1024;

/** The file as it comes; encrypted for these, or for those that the instance has. It is read for up to an hour. */
export async function fetchBackup(client: Client, recipients: readonly string[], audit: boolean) {
  const body = { ...(recipients.length === 0 ? {} : { recipients }), audit };
  const { body: bytes, headers } = await client.send("POST", "/api/v1/backup", body, {
    signal: AbortSignal.timeout(longMs),
  });
  // A page of a proxy would be kept as a backup, and found to be none when it is needed.
  const told = headers.get("mcpctl-backup-counts");
  if (told === null) throw client.stranger("with something else than a backup");
  const counts = JSON.parse(told) as Record<string, number>;
  return { bytes: bytes as Bytes, counts, size: Number(headers.get("content-length") ?? 0) };
}

/**
 * Sends what a backup holds, sealed for the instance alone. What is answered puts it back, as often as one likes, first to see; `forget` ends
 * it in any case. `sent` is told how many bytes went.
 */
export async function sendBackup(client: Client, plain: Bytes, size: number, sent: (bytes: number) => void) {
  const begun = await client.json("POST", "/api/v1/restore", { bytes: size + spare });
  const { id, recipient, pieceBytes } = begun as { id: string; recipient: string; pieceBytes: number };
  const path = `/api/v1/restore/${id}`;
  const send = (method: string, to: string, body?: unknown) =>
    client.send(method, to, body, { signal: AbortSignal.timeout(longMs) });
  const forget = async () => void (await client.send("DELETE", path).catch(() => {}));
  try {
    let offset = 0;
    for await (const piece of inPieces(encrypted(plain, { recipients: [recipient] }), pieceBytes)) {
      await send("PUT", `${path}/${offset}`, piece);
      offset += piece.length;
      sent(offset);
    }
  } catch (error) {
    await forget();
    throw error;
  }
  return {
    put: async (options: RestoreOptions) => (await (await send("POST", path, options)).json()) as Restored,
    forget,
  };
}

async function* inPieces(bytes: Bytes, most: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    if (length + chunk.length > most) {
      yield Buffer.concat(waiting);
      [waiting, length] = [[], 0];
    }
    waiting.push(chunk);
    length += chunk.length;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
