import { existsSync, rmSync } from "node:fs";
import { Problem } from "../lib/problem.ts";
import { migrations } from "./migrations/index.ts";
import type { SqliteDatabase } from "./sqlite.ts";

/**
 * Brings the schema up to this program's version, each step in a transaction of its own, after a copy beside the file.
 * `wanted` stops at an older one, for reading what an older program wrote.
 * @throws Problem `unavailable` when the database is newer than this program: writing to what one does not understand loses data
 */
export function migrate({ raw }: SqliteDatabase, path: string, wanted: number = migrations.length): void {
  const current = (raw.query("PRAGMA user_version").get() as { user_version: number }).user_version;
  const newest = migrations.length;
  if (current > newest) {
    throw new Problem(
      "unavailable",
      `The database ${path} is of version ${current}; this mcpctl knows versions up to ${newest}`,
      {
        hint: "start the newer mcpctl that wrote it, or restore the copy made before the upgrade",
      },
    );
  }
  if (current >= wanted) return;
  if (current > 0 && path !== ":memory:") copyBeside(raw, `${path}.v${current}.bak`);
  migrations.slice(current, wanted).forEach((text, index) => {
    raw
      .transaction(() => {
        raw.run(text);
        raw.run(`PRAGMA user_version = ${current + index + 1}`);
      })
      .immediate();
  });
}

function copyBeside(raw: SqliteDatabase["raw"], target: string): void {
  if (existsSync(target)) rmSync(target);
  raw.query("VACUUM INTO ?").run(target);
}
