import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePrivately, writeWhole } from "../../src/lib/whole-file.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-whole-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("nothing is left of a file that was refused at the last moment, and the old one is as it was", () => {
  const path = join(folder, "refused/settings.json");
  writeWhole(path, "old", { mode: 0o666 });
  const lastly = () => {
    throw new Error("no");
  };
  expect(() => writeWhole(path, "new", { lastly })).toThrow("no");
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["old", 0o666]);
  expect(readdirSync(join(folder, "refused"))).toEqual(["settings.json"]);
});

test("a secret goes through no link that somebody laid where they thought it would be written first", () => {
  const path = join(folder, "shared.yaml");
  const theirs = join(folder, "theirs");
  writeFileSync(theirs, "");
  for (const end of ["tmp", `${process.pid}.tmp`]) symlinkSync(theirs, `${path}.${end}`);
  writePrivately(path, "key");
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777, readFileSync(theirs, "utf8")]).toEqual([
    "key",
    0o600,
    "",
  ]);
});
