import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePrivately } from "../../src/lib/credentials-file.ts";

test("what somebody else laid beside a private file is neither followed nor filled", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-private-"));
  try {
    const [path, trap] = [join(folder, "key"), join(folder, "trap")];
    writeFileSync(trap, "theirs", { mode: 0o644 });
    symlinkSync(trap, `${path}.${process.pid}.tmp`);
    writePrivately(path, "secret");
    expect([readFileSync(path, "utf8"), readFileSync(trap, "utf8")]).toEqual(["secret", "theirs"]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).length).toBe(3);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
