import { createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fetchBackup } from "../../client/backup.ts";
import type { Client } from "../../client/client.ts";
import { type Bytes, decrypted, encrypted, newPair } from "../../lib/age.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { bytesInWords } from "../../resources/limits.ts";
import type { Env } from "../environment.ts";
import { newPassphrase } from "../locks.ts";
import { usage } from "../parse.ts";
import { during } from "../progress.ts";
import { clientFor, confirm } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<number> {
  const recipients = args.flags("recipient");
  if (recipients.length > 0 && args.flag("passphrase-file") !== undefined)
    throw usage("backup", "a file is locked with a passphrase or for recipients, and not with both");
  const target = args.flag("output") ?? nameAt(env.now());
  if (target === "-" && env.isTerminal)
    throw new Problem("invalid", "a backup is no text for a terminal", { hint: "mcpctl backup -o - > FILE" });
  const isThere = target !== "-" && statSync(target, { throwIfNoEntry: false })?.isFile() === true;
  if (isThere && !env.isInteractive && !args.has("yes"))
    throw new Problem("conflict", `${target} is there already`, { hint: "give another name, or --yes to replace it" });
  if (isThere && !(await confirm(`Replace ${target}?`, args, env))) return 0;
  const client = clientFor(args, env);
  const passphrase = await passphraseIfNeeded(client, recipients, args, env);
  const { bytes, counts } = await during("Backing up", args, env, async () => {
    const made = await locked(client, recipients, passphrase, args);
    if (target === "-") for await (const chunk of made.bytes) await writeOut(env, chunk);
    else await writeWhole(target, made.bytes);
    return { counts: made.counts, bytes: target === "-" ? 0 : statSync(target).size };
  });
  if (target === "-") return 0;
  if (args.has("quiet")) env.out(target);
  else {
    const audit = counts["audit_events"] === undefined ? "" : `, ${counts["audit_events"]} audit events`;
    const lock =
      passphrase !== undefined
        ? "a passphrase"
        : recipients.length > 0
          ? "the recipients given"
          : "the recipients of the instance";
    env.out(
      `${target}: ${counts["resources"]} objects, ${counts["tokens"]} tokens${audit}; ${bytesInWords(bytes)}, opened by ${lock}`,
    );
  }
  return 0;
}

/** Undefined when the file is for recipients: those that were given, or those that the instance has. */
async function passphraseIfNeeded(
  client: Client,
  recipients: readonly string[],
  args: Args,
  env: Env,
): Promise<string | undefined> {
  if (recipients.length > 0) return undefined;
  if (args.flag("passphrase-file") === undefined) {
    const own = (await client.json("GET", "/api/v1/backup/recipients")) as { recipients: string[] };
    if (own.recipients.length > 0) return undefined;
    if (!env.isInteractive)
      throw new Problem("invalid", "a backup holds every secret, so it is always locked: with what?", {
        hint: "--passphrase-file FILE, --recipient age1…, or once for all: mcpctl backup recipients age1…",
      });
  }
  return await newPassphrase(args, env);
}

/** With a passphrase it comes sealed for a key that lives as long as this does: the passphrase never leaves this machine. */
async function locked(client: Client, recipients: readonly string[], passphrase: string | undefined, args: Args) {
  if (passphrase === undefined) return await fetchBackup(client, recipients, args.has("include-audit"));
  const { identity, recipient } = await newPair();
  const { bytes, counts } = await fetchBackup(client, [recipient], args.has("include-audit"));
  return { bytes: encrypted(decrypted(bytes, { identities: [identity] }), { passphrase }), counts };
}

const nameAt = (now: number) => `mcpctl-backup-${new Date(now).toISOString().slice(0, 19).replaceAll(":", "")}Z.age`;

/** For its owner alone, and under its name only once it is whole. */
async function writeWhole(target: string, bytes: Bytes): Promise<void> {
  // A pipe or a device is written to, never replaced.
  if (existsSync(target) && !statSync(target).isFile()) return await pipeline(bytes, createWriteStream(target));
  const temporary = `${resolve(target)}.${process.pid}.part`;
  try {
    await pipeline(bytes, createWriteStream(temporary, { mode: 0o600, flags: "wx", flush: true }));
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    const isFile =
      typeof (error as { code?: unknown }).code === "string" &&
      /^E[A-Z]+$/.test(String((error as { code?: unknown }).code));
    if (error instanceof Problem || !isFile) throw error;
    throw new Problem("unavailable", `${target} cannot be written: ${messageOf(error)}`, {
      hint: "mcpctl backup -o FILE",
      cause: error,
    });
  }
}

async function writeOut(env: Env, chunk: Uint8Array): Promise<void> {
  if (env.outBytes === undefined) throw new Problem("invalid", "there is no standard output for bytes here");
  await env.outBytes(chunk);
}
