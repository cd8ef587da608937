import { expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import { type Handle, listenAt } from "../../src/server/listen.ts";

test("who comes before all is loaded waits, and is answered by what was loaded", async () => {
  const opening = Promise.withResolvers<Handle>();
  const server = listenAt({ host: "127.0.0.1", port: 0 }, (request) =>
    opening.promise.then((handle) => handle(request)),
  );
  try {
    const early = fetch(server.url);
    expect(await Promise.race([early, Bun.sleep(100)])).toBeUndefined();
    const handle = () => new Response("loaded");
    opening.resolve(handle);
    server.reload({ fetch: handle });
    expect(await (await early).text()).toBe("loaded");
    expect(await (await fetch(server.url)).text()).toBe("loaded");
    expect(() => listenAt({ host: "127.0.0.1", port: server.port ?? 0 }, handle)).toThrow(Problem);
  } finally {
    await server.stop(true);
  }
});
