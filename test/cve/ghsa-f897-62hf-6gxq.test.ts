// Also CVE-2026-109527, CVE-2026-108395 and CVE-2026-39313: a body or a batch without bound fills the memory.
import { afterAll } from "bun:test";
import { bodyLimits } from "../../src/server/body.ts";
import { call, type Send, target } from "./target.ts";
import { weakness } from "./weakness.ts";

const opened = target();
afterAll(async () => await (await opened)[Symbol.asyncDispose]());

const padded = (bytes: number) => `${call()}${" ".repeat(bytes - call().length)}`;
/** Without a length, piece by piece. */
const inChunks = (text: string) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < text.length; at += 65_536)
        controller.enqueue(new TextEncoder().encode(text.slice(at, at + 65_536)));
      controller.close();
    },
  });

weakness<Send>("GHSA-f897-62hf-6gxq", {
  what: "4 MiB and one byte is 413 by its length and by chunks, and a batch is 400 however short",
  async check(send) {
    const over = padded(bodyLimits.soft + 1);
    const batch = `[${Array(101).fill(call()).join(",")}]`;
    const tries: [string, Parameters<Send>[0], number][] = [
      ["by its length", { body: over }, 413],
      ["by chunks", { body: inChunks(over) }, 413],
      ["101 at once", { body: batch }, 400],
      ["one at once", { body: `[${call()}]` }, 400],
      ["just within", { body: padded(bodyLimits.soft) }, 200],
    ];
    const wrong: string[] = [];
    for (const [what, init, expected] of tries) {
      const { status } = await send(init);
      if (status !== expected) wrong.push(`${what}: ${status}`);
    }
    return wrong;
  },
  ours: async () => (await opened).send,
  vulnerable: () => async (init) => ({ status: 200, text: await new Response(init.body ?? null).text() }),
});
