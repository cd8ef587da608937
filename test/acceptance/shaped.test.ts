import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { shaped } from "../../scripts/start/shaped.ts";
import { installed } from "./installed.ts";

/** `npm start -- --example shaped`, against the executable, from the folder of a clone. */
const root = resolve(import.meta.dir, "../..");
const { executable, home, url, env, startServe, remove } = installed("shaped-example", 7_000, root);

test("one tool at first, prompts that fit, 80 KB as an index, one section of it", async () => {
  const serve = await startServe();
  try {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    await shaped.show({ url, folder: home, executable, env, over: new AbortController().signal, say });
    const told = said.join("\n");
    expect(told).toContain("tools/list, at first   (13 characters)\n\n  begin_session");
    expect(told).toContain("Never guess the name of a field.");
    expect(told).toMatch(/This is the index of [78]\d,\d{3} characters/);
    expect(told).toContain("# Servers that stay up");
  } finally {
    serve.kill("SIGTERM");
    await serve.exited;
    remove();
  }
}, 120_000);
