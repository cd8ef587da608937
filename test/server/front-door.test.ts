import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { refusalAtDoor } from "../../src/server/front-door.ts";

const door = { allowedHosts: ["mcp.example.com"], allowedOrigins: ["https://ui.example.com"] };
const refused = (headers: Record<string, string>) => refusalAtDoor(new Headers(headers), door);
const refusal = (headers: Record<string, string>) => refused(headers)?.detail;

test.each([
  "127.0.0.1:3200",
  "localhost",
  "LOCALHOST:3200",
  "[::1]:3200",
  "192.168.1.7:3200",
  hostname(),
  `${hostname()}.local:3200`,
  "mcp.example.com",
])("Host %p comes in", (host) => {
  expect(refusal({ host })).toBeUndefined();
});

test.each([
  "evil.test",
  "localhost.evil.test",
  "127.0.0.1.evil.test",
  "127.0.0.1, evil.test",
  "user@localhost",
  "localhost:3200:1",
  "",
  "localhost.",
  "[::1",
])("Host %p stays out", (host) => {
  expect(refusal({ host })).toBeString();
});

test("a page comes in from our own origin or an allowed one only", () => {
  const host = "127.0.0.1:3200";
  expect(refusal({ host, origin: "http://127.0.0.1:3200" })).toBeUndefined();
  expect(refusal({ host, origin: "https://ui.example.com" })).toBeUndefined();
  for (const origin of [
    "http://evil.test",
    "null",
    "http://127.0.0.1:9999",
    "http://127.0.0.1:3200.evil.test",
    "file://",
  ]) {
    expect(refusal({ host, origin })).toBeString();
  }
});

test("a refusal names the setting that would let in", () => {
  expect(refused({ host: "evil.test" })?.hint).toContain("allowedHosts");
  expect(refused({ host: "localhost", origin: "https://evil.test" })?.hint).toContain("allowedOrigins");
});
