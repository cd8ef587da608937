import { afterAll, beforeAll, expect, test } from "bun:test";
import { startHttpServer } from "../servers/http-server.ts";
import { type World, world } from "../world.ts";

/** A right that becomes smaller while a call is under way: what it does not cover any more ends, what it still covers goes on. */
let w: World;
const web = startHttpServer({ name: "web" });

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "project", name: "demo", servers: ["web"] },
    ],
  });
  await w.until("it runs", w.isRunning("web"));
});
afterAll(async () => {
  await w.close();
  await web.stop();
});

test.each([
  ["ends within a second when its tool is not covered any more", "web/echo", 403],
  ["goes on when it still is", "web/slow", 200],
])("a call under way %s", async (_, tool, status) => {
  const name = `u${status}`;
  const login = await w.userWith(name, [{ role: "run", resource: "projects", name: "demo" }]);
  const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "web__slow", arguments: { ms: 1_500 } } };
  const calls = () => web.requests.filter((request) => request.body.includes('"name":"slow"')).length;
  const before = calls();
  const answer = w.api("POST", "/projects/demo/mcp", body, login);
  await w.until("it is under way", () => calls() > before);
  const { version } = (await w.api("GET", `/api/v1/rbac/of-${name}`)).json;
  await w.must("PUT", `/api/v1/rbac/of-${name}`, {
    name: `of-${name}`,
    version,
    subjects: [{ kind: "User", name: `${name}@example.com` }],
    roleBindings: [{ role: "run", resource: "tools", name: tool }],
  });
  const at = performance.now();
  expect((await answer).status).toBe(status);
  if (status === 403) expect(performance.now() - at).toBeLessThan(1_000);
});
