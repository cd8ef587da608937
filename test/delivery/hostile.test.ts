import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { floods, hostile } from "./hostile.ts";
import { call, projectOf } from "./in-use.ts";
import { type RealServe, realServe } from "./real-serve.ts";
import { upstream } from "./upstreams.ts";

/** How much it costs others is measured by bench/hostile.ts; here only that they are served at all. */
const calls = 20;

const folder = mkdtempSync(join(tmpdir(), "mcpctl-hostile-"));
const quiet = (["stdio", "legacy"] as const).map((way) => upstream(folder, way, way));
let gateway: RealServe;
let token = "";
beforeAll(async () => {
  gateway = await realServe();
  token = await projectOf(gateway, quiet);
}, 30_000);
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  for (const each of quiet) await each.stop();
  rmSync(folder, { recursive: true });
});

test.each(floods.map((flood) => [flood.name, flood] as const))(
  "%s: everybody else is served",
  async (_, flood) => {
    const end = await hostile(gateway, flood);
    for (let n = 0; n < calls; n++) {
      const id = `${flood.name}-${n}`;
      const { json } = await call(gateway, token, String(quiet[n % quiet.length]?.name), { id });
      expect(json.result?.content).toEqual([{ type: "text", text: id }]);
    }
    await end();
    expect(await gateway.api("GET", "/healthz")).toMatchObject({ status: 200 });
  },
  60_000,
);
