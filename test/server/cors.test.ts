import { afterAll, beforeAll, expect, test } from "bun:test";
import { type World, world } from "../world.ts";

const page = "https://ui.example.com";
let w: World;
beforeAll(async () => {
  w = await world({ "allowed-origins": `${page},tauri://localhost` });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: [] });
});
afterAll(() => w.close());

const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  w.fetch(new Request(w.url + path, { method, headers, ...(body === undefined ? {} : { body }) }));
const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
const asked = (origin: string, more: Record<string, string> = {}) => ({
  origin,
  "access-control-request-method": "POST",
  ...more,
});

test("a preflight has no token, and is told all that clients of MCP send", async () => {
  for (const path of ["/mcp", "/mcp/", "/projects/demo/mcp", "/projects/demo/sse", "/projects/none/vllm/browser/sse"]) {
    const answer = await ask("OPTIONS", path, asked(page));
    expect([path, answer.status, corsOf(answer)]).toEqual([
      path,
      204,
      {
        "access-control-allow-origin": page,
        "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
        "access-control-allow-headers":
          "authorization, content-type, accept, mcp-session-id, mcp-protocol-version, last-event-id, mcp-method, mcp-name",
        "access-control-expose-headers":
          "mcp-session-id, www-authenticate, mcp-protocol-version, x-request-id, x-mcpctl-version",
        "access-control-max-age": "600",
      },
    ]);
    expect(answer.headers.get("vary")).toBe("Origin");
  }
  const api = await ask("OPTIONS", "/api/v1/servers/x", asked(page));
  expect([api.status, api.headers.get("access-control-allow-methods")]).toEqual([
    204,
    "GET, POST, DELETE, OPTIONS, PUT, PATCH",
  ]);
});

test("headers that mirror arguments are granted by name, others are not, and a network of one's own only when asked", async () => {
  const headers = { "access-control-request-headers": "Mcp-Param-City, x-evil,mcp-param-b, mcp-param-, mcp-param-a b" };
  const answer = await ask("OPTIONS", "/mcp", asked(page, headers));
  expect(answer.headers.get("access-control-allow-headers")).toEndWith("mcp-name, mcp-param-city, mcp-param-b");
  expect(answer.headers.has("access-control-allow-private-network")).toBe(false);
  const near = await ask("OPTIONS", "/mcp", asked(page, { "access-control-request-private-network": "true" }));
  expect(near.headers.get("access-control-allow-private-network")).toBe("true");
  const many = Array.from({ length: 5_000 }, (_, i) => `mcp-param-${i}`).join();
  const bounded = await ask("OPTIONS", "/mcp", asked(page, { "access-control-request-headers": many }));
  expect(bounded.headers.get("access-control-allow-headers")?.split(", ")).toHaveLength(8 + 64);
});

test("an allowed page can read every answer, whatever went wrong", async () => {
  const json = { "content-type": "application/json", authorization: `Bearer ${w.admin}` };
  const weak = { ...json, authorization: `Bearer ${await w.userWith("weak", [])}` };
  const cases: [status: number, method: string, path: string, headers: Record<string, string>, body?: string][] = [
    [200, "GET", "/healthz", {}],
    [200, "GET", "/api/v1/servers", json],
    [200, "POST", "/projects/demo/mcp", json, '{"jsonrpc":"2.0","id":1,"method":"ping"}'],
    [400, "POST", "/projects/demo/mcp", json, "{"],
    [401, "POST", "/projects/demo/mcp", { "content-type": "application/json" }, "{}"],
    [401, "GET", "/api/v1/servers", {}],
    [403, "POST", "/projects/demo/mcp", weak, "{}"],
    [403, "GET", "/api/v1/servers", weak],
    [404, "GET", "/api/v1/servers/none", json],
    [404, "GET", "/nowhere", {}],
    [404, "GET", "/.well-known/oauth-protected-resource", {}],
    [405, "PUT", "/healthz", {}],
    [405, "HEAD", "/projects/demo/mcp", {}],
    [413, "POST", "/projects/demo/mcp", json, " ".repeat(5 * 1024 * 1024)],
    [415, "POST", "/projects/demo/mcp", { authorization: json.authorization, "content-type": "text/plain" }, "{}"],
    [422, "POST", "/api/v1/servers", json, '{"name":"x"}'],
  ];
  for (const [status, method, path, headers, body] of cases) {
    const answer = await ask(method, path, { ...headers, origin: page }, body);
    expect([path, answer.status, corsOf(answer), answer.headers.get("vary")]).toEqual([
      path,
      status,
      {
        "access-control-allow-origin": page,
        "access-control-expose-headers":
          "mcp-session-id, www-authenticate, mcp-protocol-version, x-request-id, x-mcpctl-version",
      },
      "Origin",
    ]);
  }
  const streams = [
    await ask("GET", "/projects/demo/sse", { ...json, origin: page }),
    await ask("GET", "/api/v1/audit/events?follow=true", { ...json, origin: page }),
  ];
  for (const stream of streams) {
    expect([stream.status, corsOf(stream)["access-control-allow-origin"]]).toEqual([200, page]);
    await stream.body?.cancel();
  }
  expect(corsOf(await ask("GET", "/healthz", { origin: "tauri://localhost" }))["access-control-allow-origin"]).toBe(
    "tauri://localhost",
  );
});

test("any other page is refused and told nothing; our own, and programs, need none of it", async () => {
  for (const origin of ["https://evil.test", "null", "http://ui.example.com", `${page}.evil.test`, `${page},${page}`])
    for (const path of ["/mcp", "/api/v1/servers", "/healthz"])
      for (const method of ["OPTIONS", "GET"]) {
        const answer = await ask(method, path, asked(origin, { "access-control-request-private-network": "true" }));
        expect([origin, answer.status, corsOf(answer)]).toEqual([origin, 403, {}]);
      }
  for (const headers of [{}, asked(w.url)]) {
    const answer = await ask("OPTIONS", "/mcp", headers);
    expect([answer.status, answer.headers.get("allow"), corsOf(answer)]).toEqual([
      204,
      "GET, POST, DELETE, OPTIONS",
      {},
    ]);
  }
});

test("unless it is told of a page, no page is allowed", async () => {
  await using closed = await world();
  const answer = await closed.fetch(new Request(`${closed.url}/mcp`, { method: "OPTIONS", headers: asked(page) }));
  expect([answer.status, corsOf(answer)]).toEqual([403, {}]);
});
