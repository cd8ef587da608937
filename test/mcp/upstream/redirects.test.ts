import { afterEach, describe, expect, test } from "bun:test";
import { endingAfter } from "../../../src/lib/wheel.ts";
import { httpClient } from "../../../src/mcp/upstream/http-client.ts";
import { redirected } from "../../../src/mcp/upstream/redirect.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { type Answer, reply, startRawServer } from "../../servers/raw-server.ts";

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answer: Answer) {
  const server = await startRawServer(answer);
  closers.push(server.stop);
  return server;
}

async function ask(url: string, method: "GET" | "POST") {
  const http = httpClient({ url, headers: { authorization: "Bearer mine" } }, serverLimitsOf({}));
  const body = method === "POST" ? { body: "what was asked" } : {};
  return await http.reach({ method, fields: http.fields({}), ending: endingAfter(5_000), ...body }).then(
    async (answer) => `${answer.status} ${await answer.text(10_000)}`,
    (error: Error) => error.message,
  );
}

const moved = (status: number, location: string) => reply(status, "", { location });

describe("within its own origin", () => {
  test.each([
    ["POST", 307],
    ["POST", 308],
    ["GET", 301],
    ["GET", 302],
    ["GET", 303],
    ["GET", 307],
    ["GET", 308],
  ] as const)("a %s goes on after %i as it is", async (method, status) => {
    const server = await serve(({ path }) => (path === "/mcp" ? moved(status, "mcp/") : reply(200, "there")));
    expect(await ask(server.url, method)).toBe("200 there");
    expect(server.arrived.map(({ verb, path, body }) => [verb, path, body])).toEqual([
      [method, "/mcp", method === "POST" ? "what was asked" : ""],
      [method, "/mcp/", method === "POST" ? "what was asked" : ""],
    ]);
  });

  test.each([301, 302, 303])(
    "a POST that would become a GET (%i) says where it went, without a query",
    async (status) => {
      const server = await serve(() => moved(status, "/mcp/?secret=1"));
      expect(await ask(server.url, "POST")).toBe(
        `the server says it moved to ${server.url}/: put that address into \`url\``,
      );
      expect(server.arrived).toHaveLength(1);
    },
  );

  test("a loop ends", async () => {
    const server = await serve(({ path }) => moved(307, path === "/mcp" ? "/b" : "/mcp"));
    expect(await ask(server.url, "POST")).toBe("it redirects more than 3 times");
    expect(server.arrived).toHaveLength(4);
  });
});

test.each([301, 307])("another origin (%i) is named, and sees nothing", async (status) => {
  const other = await serve(() => reply(200));
  const server = await serve(() => moved(status, `http://user:pw@127.0.0.1:${other.port}/x?y`));
  expect(await ask(server.url, "POST")).toBe(
    `it redirects to another origin (http://127.0.0.1:${other.port}), which is not followed: credentials would go along; set \`url\` to it if it is right`,
  );
  expect(other.connections()).toBe(0);
});

test("a way back to another scheme or port is another origin", () => {
  const from = new URL("https://a.test/mcp");
  const to = (location: string | undefined) => () =>
    redirected(from, { method: "POST", status: 307, location, hops: 0 }).href;
  for (const location of ["http://a.test/mcp", "https://a.test:444/mcp", "//b.test/", "https://a.test.evil.test/"])
    expect(to(location)).toThrow("another origin (");
  expect(to("javascript:1")).toThrow("to another origin, which");
  expect(to(undefined)).toThrow("HTTP 307 and not where");
  expect(to("https://:")).toThrow("HTTP 307 and not where");
  expect(to("https://a.test:443/x")()).toBe("https://a.test/x");
});
