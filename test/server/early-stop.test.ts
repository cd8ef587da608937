import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

test("a signal that comes with the greeting ends it in order", async () => {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-early-"));
  const main = join(import.meta.dir, "../../src/main.ts");
  const serve = Bun.spawn([process.execPath, main, "serve", "--port", "0", "--data-dir", join(home, "data")], {
    env: { PATH: process.env["PATH"], HOME: home },
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    await serve.stdout.getReader().read();
    serve.kill("SIGTERM");
    expect(await serve.exited).toBe(0);
  } finally {
    serve.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  }
}, 30_000);
