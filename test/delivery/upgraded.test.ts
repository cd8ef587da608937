import { expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixture } from "../world.ts";
import { built, realServe } from "./real-serve.ts";

test("an executable that is replaced while it runs goes on starting servers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-upgraded-"));
  const executable = join(folder, "mcpctl");
  copyFileSync(built, executable);
  try {
    await using gateway = await realServe({ executable });
    // As a package manager does, and an upgrade that copies a file over another cannot: that one is busy.
    rmSync(executable);
    await gateway.must("POST", "/api/v1/servers", { name: "late", command: fixture() });
    let status = { state: "", reason: "" };
    await gateway.until("it was started", async () => {
      ({ status } = (await gateway.api("GET", "/api/v1/servers/late")).json);
      return status.state === "RUNNING" || status.state === "ERROR";
    });
    expect(status).toMatchObject({ state: "RUNNING" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
