import { expect, test } from "bun:test";
import { openSse } from "../../src/client/clients/check/sse-session.ts";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { world } from "../world.ts";

test("a gateway that stops lets go of who only listens, and answers what is under way", async () => {
  const web = startHttpServer({ name: "web" });
  await using w = await world();
  const origin = w.listen();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "project", name: "one", servers: ["web"] },
    ],
  });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "one" });
  await w.until("it runs", w.isRunning("web"));
  const socket = { url: origin, fetch: (request: Request) => fetch(request) };
  const legacy = await legacyClient(socket, token);
  const modern = await modernClient(socket, token);
  await Promise.all([legacy.listen(), modern.listen()]);
  const [quiet, busy] = await Promise.all(
    [1, 2].map(() => openSse(`http://tok:${token}@${new URL(origin).host}/projects/one/sse`)),
  );
  await busy?.initialize();
  const slow = { name: "web__slow", arguments: { ms: 400 } };
  const answers = Promise.all([busy?.request("tools/call", slow), legacy.request("tools/call", slow)]);
  await w.until("both calls arrive", () => web.requests.filter(({ body }) => body.includes('"slow"')).length === 2);
  expect(w.rooms.gateway.sizes()).toMatchObject({ streams: 2, subscribers: 3 });

  w.rooms.stopping();
  await quiet?.ended;
  expect(w.rooms.gateway.sizes()).toMatchObject({ streams: 1, subscribers: 1 });
  await expect(openSse(`http://tok:${token}@${new URL(origin).host}/projects/one/sse`)).rejects.toThrow(/^503 /);
  await modern.listen().catch(() => {});
  expect(w.rooms.gateway.sizes().subscribers).toBe(1);
  const [overSse, overHttp] = await answers;
  expect(JSON.stringify([overSse, overHttp.result]).match(/done/g)).toHaveLength(2);
  await busy?.ended;
  expect(w.rooms.gateway.sizes()).toMatchObject({ streams: 0, subscribers: 0 });
  await web.stop();
});
