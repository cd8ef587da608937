import { expect, test } from "bun:test";
import { exchange } from "../../src/client/validator/exchange.ts";

test("a stream that never ends and answers nothing is left when it has said enough", async () => {
  const chunk = new TextEncoder().encode(`data: ${"x".repeat(1000)}\n\n`.repeat(16));
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }), {
        headers: { "content-type": "text/event-stream" },
      }),
  });
  try {
    const begunAt = performance.now();
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const { status, text } = await exchange({ url: server.url.href, method: "POST", headers: {}, body }, 8_000);
    expect([status, text.length > 0, text.length <= 1024 * 1024]).toEqual([200, true, true]);
    expect(performance.now() - begunAt).toBeLessThan(6_000);
  } finally {
    await server.stop(true);
  }
});
