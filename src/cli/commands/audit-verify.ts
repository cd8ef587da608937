import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Problem } from "../../lib/problem.ts";
import { isoTime } from "../../operations/audit-entry.ts";
import { type Verdict, verifyAudit } from "../../operations/audit-verify.ts";
import { loadMasterKey } from "../../secrets/master-key.ts";
import { getMeta } from "../../storage/meta.ts";
import { openReadOnly } from "../../storage/sqlite.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import type { Args } from "../verb.ts";

/** A door to the database: needs no server, and writes nothing. */
export async function run(args: Args, env: Env): Promise<number> {
  const format = formatOf(args, ["table", "json"]);
  const folder = resolve(args.flag("data-dir") ?? (env.variables["MCPCTL_DATA_DIR"] || join(env.home, "data")));
  const file = resolve(args.words[0] ?? join(folder, "mcpctl.db"));
  if (!existsSync(file)) {
    throw new Problem("not_found", `there is no database ${file}`, {
      hint: "mcpctl audit verify FILE, or --data-dir FOLDER",
    });
  }
  const db = openReadOnly(file);
  try {
    const writtenWith = await db.read(() => getMeta("master-key")).catch(noAuditLog(file));
    const key = keyFor(args, env, [dirname(file), folder], writtenWith);
    const verdict = await db.read(() => verifyAudit(key)).catch(noAuditLog(file));
    tell(file, verdict, key !== undefined, format === "json", env);
    return verdict.broken === undefined ? 0 : 1;
  } finally {
    db.close();
  }
}

/** The key that was named; else the one beside the file or in the data folder, if it is this database's. */
function keyFor(args: Args, env: Env, folders: string[], writtenWith: string | undefined): Buffer | undefined {
  const named = args.flag("master-key-file") ?? (env.variables["MCPCTL_MASTER_KEY_FILE"] || undefined);
  const load = (keyFile: string) =>
    loadMasterKey({ dataDir: "", keyFile: resolve(keyFile) }, writtenWith).derive("audit");
  if (named !== undefined) return load(named);
  const near = folders.map((folder) => join(folder, "master.key")).filter(existsSync);
  for (const keyFile of near) {
    try {
      return load(keyFile);
    } catch {
      // Of another database, or not ours to read: the chain is checked without it, and that is said.
    }
  }
  return undefined;
}

function tell(file: string, verdict: Verdict, isSigned: boolean, isJson: boolean, env: Env): void {
  const { events, broken, head, prunedTo } = verdict;
  const signedAt = head === undefined ? undefined : isoTime(head.at);
  if (isJson) {
    const signed = head === undefined ? undefined : { seq: head.seq, at: signedAt };
    const { seq, reason } = broken ?? {};
    env.out(
      JSON.stringify(
        {
          file,
          intact: broken === undefined,
          events,
          seq,
          reason,
          head: signed,
          signaturesChecked: isSigned,
          prunedTo,
        },
        null,
        2,
      ),
    );
    return;
  }
  if (broken !== undefined) env.out(`${file}: broken at event ${broken.seq}: ${broken.reason}`);
  else {
    const signed = head === undefined ? "no head signed yet" : `head signed at ${signedAt} (event ${head.seq})`;
    env.out(`${events} events, chain intact, ${signed}`);
  }
  if (prunedTo > 0) env.out(`Events up to ${prunedTo} were taken away by retention.`);
  if (!isSigned) env.err("Signatures were not checked: the master key is not here. Give it with --master-key-file.");
}

const noAuditLog =
  (file: string) =>
  (error: unknown): never => {
    if (!(error instanceof Problem) || error.code !== "internal") throw error;
    throw new Problem("unavailable", `${file} holds no audit log`, {
      hint: "copy the file that ends in -wal along with it, or make the copy with VACUUM INTO",
      cause: error,
    });
  };
