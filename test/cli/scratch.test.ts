import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { scratchFile } from "../../src/cli/scratch.ts";

test("a file to edit stays in its own folder, whatever a server says its resource is called", () => {
  const file = scratchFile("server-a/../../../../tmp/elsewhere.yaml");
  file.write("text");
  expect(dirname(file.path)).toMatch(/mcpctl-edit-[^/]+$/);
  expect(file.read()).toBe("text");
  file.remove();
  expect(existsSync(dirname(file.path))).toBe(false);
});
