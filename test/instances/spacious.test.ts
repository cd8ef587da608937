import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { againAs } from "../../src/instances/spacious.ts";

test.skipIf(process.platform !== "linux")(
  "serve becomes itself with room for more than 256 requests at once",
  async () => {
    const home = mkdtempSync(join(tmpdir(), "mcpctl-spacious-"));
    const main = join(import.meta.dir, "../../src/main.ts");
    const { BUN_CONFIG_MAX_HTTP_REQUESTS: _, ...env } = process.env;
    const serve = Bun.spawn([process.execPath, main, "serve", "--port", "0", "--data-dir", join(home, "data")], {
      env: { ...env, HOME: home },
      stdout: "ignore",
      stderr: "ignore",
    });
    try {
      const environment = () => readFileSync(`/proc/${serve.pid}/environ`, "utf8").split("\0");
      for (const end = performance.now() + 5_000; performance.now() < end; await Bun.sleep(20))
        if (environment().includes("BUN_CONFIG_MAX_HTTP_REQUESTS=65535")) break;
      expect(environment()).toContain("BUN_CONFIG_MAX_HTTP_REQUESTS=65535");
    } finally {
      serve.kill("SIGKILL");
      await serve.exited;
      rmSync(home, { recursive: true, force: true });
    }
  },
);

test("Bun's own flags go to Bun, and never to a compiled program as words of its own", () => {
  expect(againAs(["bun", "main.ts"], ["--smol"], ["serve"])).toEqual(["bun", "--smol", "main.ts", "serve"]);
  // BUN_OPTIONS=--smol mcpctl serve
  expect(againAs(["mcpctl"], ["--smol"], ["serve"])).toEqual(["mcpctl", "serve"]);
});
