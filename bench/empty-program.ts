import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** An empty program, compiled with those flags of the executable that matter to one: what no start can be faster than. Answers its path. */
export function buildEmpty(folder: string): string {
  const source = join(folder, "empty.ts");
  writeFileSync(source, "export {};\n");
  const flags = [
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-dotenv",
  ];
  Bun.spawnSync([process.execPath, "build", ...flags, source, "--outfile", join(folder, "empty")]);
  return join(folder, "empty");
}
