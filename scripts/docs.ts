// Writes what is made of the tables in src: completion, the reference in docs, the man page. `bun scripts/docs.ts`; with --check it writes nothing
// and fails where a file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { generated } from "./docs/generated.ts";

const isCheck = process.argv.includes("--check");
let stale = 0;
for (const [path, make] of Object.entries(generated)) {
  const text = await make();
  if (textOf(path) === text) continue;
  stale++;
  process.stdout.write(`${isCheck ? "stale" : "written"}: ${path}\n`);
  if (!isCheck) writeFileSync(path, text);
}
if (isCheck && stale > 0) {
  process.stderr.write("error: what is generated is not what it would be now\nhint: bun scripts/docs.ts\n");
  process.exitCode = 1;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
