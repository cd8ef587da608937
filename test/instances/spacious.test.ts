import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { againAs } from "../../src/instances/spacious.ts";

const variable = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/** The bound in the environment of a serve that has begun to serve. */
async function boundOf(proxy: Record<string, string>): Promise<string | undefined> {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-spacious-"));
  const main = join(import.meta.dir, "../../src/main.ts");
  const serve = Bun.spawn([process.execPath, main, "serve", "--port", "0", "--data-dir", join(home, "data")], {
    env: { PATH: process.env["PATH"], HOME: home, ...proxy },
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    await serve.stdout.getReader().read();
    const environment = readFileSync(`/proc/${serve.pid}/environ`, "utf8").split("\0");
    return environment.find((line) => line.startsWith(variable))?.slice(variable.length + 1);
  } finally {
    serve.kill("SIGKILL");
    await serve.exited;
    rmSync(home, { recursive: true, force: true });
  }
}

test.skipIf(process.platform !== "linux")(
  "behind a proxy serve becomes itself with room for more than 256 requests at once, and only there",
  async () => {
    expect(await boundOf({ HTTPS_PROXY: "http://127.0.0.1:9" })).toBe("65535");
    expect(await boundOf({ HTTPS_PROXY: "" })).toBeUndefined();
  },
  30_000,
);

test("Bun's own flags go to Bun, and never to a compiled program as words of its own", () => {
  expect(againAs(["bun", "main.ts"], ["--smol"], ["serve"])).toEqual(["bun", "--smol", "main.ts", "serve"]);
  // BUN_OPTIONS=--smol mcpctl serve
  expect(againAs(["mcpctl"], ["--smol"], ["serve"])).toEqual(["mcpctl", "serve"]);
});
