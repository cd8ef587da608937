import { afterAll, beforeAll, expect, test } from "bun:test";
import { openAgentic } from "./agentic.ts";
import { callsWith, coreIsMerged, type Gateway, startGateway } from "./gateway.ts";

/** vLLM's agentic-api against a process of its own. */
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
}, 90_000);
afterAll(async () => {
  await gateway.close();
}, 20_000);

const open = (path = "/projects/demo/mcp", token = gateway.token) =>
  openAgentic("demo", gateway.url + path, { authorization: `Bearer ${token}` });

test("it lists and calls, with a slash at the end and without", async () => {
  for (const path of ["/projects/demo/mcp", "/projects/demo/mcp/", "/mcp"]) {
    const marker = crypto.randomUUID();
    const server = await open(path);
    expect(server.version).toBe("2025-06-18");
    expect([200, 405]).toContain(server.streamStatus);
    expect(server.names).toEqual(expect.arrayContaining(["mcp__demo__near__echo", "mcp__demo__everything__echo"]));
    expect(server.names.filter((name) => name.length > 64)).toEqual([]);
    expect(await server.call("near__echo", { text: marker })).toBe(marker);
    expect(await server.call("everything__echo", { message: marker })).toBe(`Echo: ${marker}`);
    expect(callsWith(gateway, marker)).toBe(1);
  }
});

test("what it keeps for the life of its process survives a restart of the gateway", async () => {
  const server = await open();
  await gateway.restart();
  const marker = crypto.randomUUID();
  expect(await server.call("near__echo", { text: marker })).toBe(marker);
  expect(callsWith(gateway, marker)).toBe(1);
}, 20_000);

test("a token that is refused is an error of authentication", async () => {
  await expect(open("/projects/demo/mcp", "mcpctl_pat_wrong")).rejects.toThrow("auth");
  const { id, token } = await gateway.mint("ends");
  const server = await open("/projects/demo/mcp", token);
  await gateway.api("POST", `/api/v1/mcptokens/${id}/revoke`);
  await expect(server.call("near__echo", { text: "no" })).rejects.toThrow("auth");
});

test.todoIf(!coreIsMerged)("a session that there is not is told as one that has expired", async () => {
  const server = await open();
  server.lose();
  await expect(server.call("near__echo", { text: "no" })).rejects.toThrow("SessionExpired");
});
