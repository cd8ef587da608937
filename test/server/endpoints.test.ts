import { expect, test } from "bun:test";
import { createEndpoints } from "../../src/server/endpoints.ts";
import { frontDoor } from "../../src/server/front-door.ts";
import { createPace } from "../../src/server/pace.ts";

const at = (path: string, method = "POST") => new Request(`http://127.0.0.1:3200${path}`, { method });

test("an address that was seen before is the same endpoint, and a thousand others make it a new one and no other", () => {
  const endpointOf = createEndpoints();
  const first = endpointOf(at("/projects/demo/mcp"));
  expect(first).toEqual({ project: "demo", transport: "streamable" });
  expect(endpointOf(at("/projects/demo/mcp"))).toBe(first);
  for (let n = 0; n < 1_100; n++) endpointOf(at(`/projects/p${n}/mcp`));
  expect(endpointOf(at("/projects/demo/mcp"))).toEqual(first);
});

test("what is asked before a call, what discovery looks for and all else is no endpoint's", () => {
  const endpointOf = createEndpoints();
  for (const path of ["/api/v1/servers", "/", "/projects/.well-known/mcp", "/mcp/x", "/healthz?/mcp", "/healthz#/mcp"])
    for (let twice = 0; twice < 2; twice++) expect([path, endpointOf(at(path))]).toEqual([path, undefined]);
  for (const method of ["OPTIONS", "HEAD"]) {
    endpointOf(at("/mcp"));
    expect(endpointOf(at("/mcp", method))).toBeUndefined();
  }
});

test("a host that was let in is no pass for an origin, nor for another host", () => {
  const refusal = frontDoor({ allowedHosts: ["mcp.example.com"], allowedOrigins: [] });
  const refused = (headers: Record<string, string>) => refusal(new Headers(headers)) !== undefined;
  const host = "mcp.example.com";
  for (let twice = 0; twice < 2; twice++)
    expect([
      refused({ host }),
      refused({ host, origin: "https://evil.test" }),
      refused({ host, origin: "https://mcp.example.com" }),
      refused({ host: "evil.test" }),
      refused({}),
    ]).toEqual([false, true, false, true, true]);
});

test("of many requests that come at once some wait for the next turn, and those after it do not", async () => {
  const pace = createPace();
  const waits = Array.from({ length: 200 }, () => pace());
  const begun = waits.findIndex((wait) => wait !== undefined);
  expect(begun).toBeGreaterThan(10);
  expect(waits.slice(begun).every((wait) => wait !== undefined)).toBe(true);
  let hasWaited = false;
  const last = waits.at(-1)?.then(() => {
    hasWaited = true;
  });
  await Promise.resolve();
  expect(hasWaited).toBe(false);
  await last;
  expect(pace()).toBeUndefined();
});
