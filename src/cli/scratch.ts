import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file to edit that nobody else can read, in a folder of its own, where an editor's copies are as private as the text. */
export function scratchFile(name: string) {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-edit-"));
  // The name comes from a server, which may say `a/../../.profile`.
  const path = join(folder, name.replace(/[^\w.@-]/g, "_"));
  return {
    path,
    write: (text: string) => writeFileSync(path, text, { mode: 0o600 }),
    /** Nothing, when the editor took it away. */
    read: () => (existsSync(path) ? readFileSync(path, "utf8") : ""),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
