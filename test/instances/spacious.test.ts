import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { againAs, lackingIn } from "../../src/instances/spacious.ts";

/** The environment of a serve that has begun to serve. */
async function environmentOf(given: Record<string, string>): Promise<Record<string, string>> {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-spacious-"));
  const main = join(import.meta.dir, "../../src/main.ts");
  const serve = Bun.spawn([process.execPath, main, "serve", "--port", "0", "--data-dir", join(home, "data")], {
    env: { PATH: process.env["PATH"], HOME: home, ...given },
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    await serve.stdout.getReader().read();
    const lines = readFileSync(`/proc/${serve.pid}/environ`, "utf8").split("\0");
    return Object.fromEntries(lines.map((line) => line.split("=", 2)));
  } finally {
    serve.kill("SIGKILL");
    await serve.exited;
    rmSync(home, { recursive: true, force: true });
  }
}

test.skipIf(process.platform !== "linux")(
  "serve becomes itself with memory that is kept for a moment, and behind a proxy with room for more than 256 requests at once",
  async () => {
    const memory = {
      MIMALLOC_PURGE_DELAY: "3000",
      MIMALLOC_PURGE_HOLES: "0",
      BUN_GC_TIMER_INTERVAL: "10000",
      BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "2000000",
    };
    const proxied = { HTTPS_PROXY: "http://127.0.0.1:9" };
    expect(await environmentOf(proxied)).toMatchObject({ ...memory, BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" });
    const plain = await environmentOf({ HTTPS_PROXY: "" });
    expect(plain).toMatchObject(memory);
    expect(plain).not.toHaveProperty("BUN_CONFIG_MAX_HTTP_REQUESTS");
  },
  30_000,
);

test("what somebody has set stays as it is, and then there is no second start", () => {
  const said = {
    MIMALLOC_PURGE_DELAY: "-1",
    MIMALLOC_PURGE_HOLES: "",
    BUN_GC_TIMER_INTERVAL: "500",
    BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1000",
  };
  expect(lackingIn(said)).toEqual({});
  expect(lackingIn({ ...said, MIMALLOC_PURGE_DELAY: undefined })).toEqual({ MIMALLOC_PURGE_DELAY: "3000" });
  expect(lackingIn({ ...said, http_proxy: "http://127.0.0.1:9" })).toEqual({
    BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
  });
  expect(lackingIn({ ...lackingIn({}), PATH: "/bin" })).toEqual({});
});

test("Bun's own flags go to Bun, and never to a compiled program as words of its own", () => {
  expect(againAs(["bun", "main.ts"], ["--smol"], ["serve"])).toEqual(["bun", "--smol", "main.ts", "serve"]);
  // BUN_OPTIONS=--smol mcpctl serve
  expect(againAs(["mcpctl"], ["--smol"], ["serve"])).toEqual(["mcpctl", "serve"]);
});
