import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { hostname } from "node:os";
import { createApp } from "../../src/server/app.ts";
import { listen } from "../../src/server/listen.ts";
import { type World, world } from "../world.ts";

/** CVE-2025-66414 and its like: over a socket, since a request that is made in memory has been tidied up already. */
let w: World;
let app: ReturnType<typeof createApp>;
let port = 0;

beforeAll(async () => {
  w = await world({ "allowed-hosts": "mcp.example.com", "allowed-origins": "https://ui.example.com" });
  app = createApp(w.rooms);
  listen(app, { host: "127.0.0.1", port: 0 });
  port = app.server?.port ?? 0;
});
afterAll(async () => {
  await app.server?.stop(true);
  await w.close();
});

/** The status of what is answered to these very bytes; the connection is closed at the end of the first answer. */
const statusOf = (lines: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
    socket.setTimeout(5_000, () => socket.destroy(new Error("no answer")));
    socket.on("error", reject);
    socket.once("data", (bytes) => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString())?.[1]));
    });
  });

/** An MCP endpoint, the API, and where a page would be. */
const doors = ["POST /mcp", "GET /api/v1/servers", "GET /"] as const;

async function statuses(headers: readonly string[], authority: string): Promise<number[]> {
  const content = ["Content-Type: application/json", "Content-Length: 0", "Connection: close"];
  const more = [...headers, ...content].map((line) => line.replaceAll("PORT", String(port)));
  const answers: number[] = [];
  for (const door of doors) {
    const [method = "", path = ""] = door.split(" ");
    const asked: number[] = [];
    // Whoever must stay out does so with a good login as well: the door is before authentication.
    for (const credential of [[], [`Authorization: Bearer ${w.admin}`]])
      asked.push(await statusOf([`${method} ${authority}${path} HTTP/1.1`, ...more, ...credential]));
    answers.push(...asked);
  }
  return answers;
}

const inside: [what: string, headers: string[], authority?: string][] = [
  ["loopback by address", ["Host: 127.0.0.1:PORT"]],
  ["localhost", ["Host: localhost:PORT"]],
  ["localhost without a port", ["Host: localhost"]],
  ["another port, as of a forwarded one", ["Host: localhost:8080"]],
  ["upper case", ["Host: LOCALHOST:PORT"]],
  ["IPv6", ["Host: [::1]:PORT"]],
  ["an address of the LAN", ["Host: 192.168.1.7:PORT"]],
  ["the machine's own name", [`Host: ${hostname()}:PORT`]],
  ["a name from the configuration", ["Host: MCP.example.com"]],
  ["our own page", ["Host: localhost:PORT", "Origin: http://localhost:PORT"]],
  ["our own page behind TLS", ["Host: mcp.example.com", "Origin: https://mcp.example.com"]],
  ["an allowed page", ["Host: localhost:PORT", "Origin: https://ui.example.com"]],
];

const outside: [what: string, headers: string[], authority?: string][] = [
  ["a foreign name", ["Host: evil.test"]],
  ["a foreign name with our port", ["Host: evil.test:PORT"]],
  ["our name below a foreign one", ["Host: localhost.evil"]],
  ["our address below a foreign name", ["Host: 127.0.0.1.evil.test"]],
  ["a trailing dot", ["Host: localhost.:PORT"]],
  ["userinfo", ["Host: localhost@evil.test"]],
  ["userinfo before our name", ["Host: evil.test@localhost:PORT"]],
  ["two Host headers, ours first", ["Host: localhost:PORT", "Host: evil.test"]],
  ["two Host headers, ours last", ["Host: evil.test", "Host: localhost:PORT"]],
  ["an empty Host", ["Host:"]],
  ["a port that is none", ["Host: localhost:evil"]],
  ["half an IPv6 address", ["Host: [::1"]],
  ["an absolute target with ours, and a foreign Host", ["Host: evil.test"], "http://localhost"],
  ["a page of somebody else", ["Host: localhost:PORT", "Origin: http://evil.test"]],
  ["a page of nowhere", ["Host: localhost:PORT", "Origin: null"]],
  ["our name on another port", ["Host: localhost:PORT", "Origin: http://localhost:1"]],
  ["a page below a foreign name", ["Host: localhost:PORT", "Origin: http://localhost:PORT.evil.test"]],
  ["a page with userinfo", ["Host: localhost:PORT", "Origin: http://localhost:PORT@evil.test"]],
  ["a page of our other name", ["Host: localhost:PORT", "Origin: http://127.0.0.1:PORT"]],
  ["an allowed page with another scheme", ["Host: localhost:PORT", "Origin: http://ui.example.com"]],
  ["an allowed page, upper case", ["Host: localhost:PORT", "Origin: HTTPS://UI.EXAMPLE.COM"]],
  ["an allowed page, trailing dot", ["Host: localhost:PORT", "Origin: https://ui.example.com."]],
  ["two Origin headers", ["Host: localhost:PORT", "Origin: http://localhost:PORT", "Origin: http://evil.test"]],
  ["a rebound name, whose page is its own", ["Host: evil.test:PORT", "Origin: http://evil.test:PORT"]],
  ["an allowed page at a rebound name", ["Host: evil.test:PORT", "Origin: https://ui.example.com"]],
  ["an empty Origin", ["Host: localhost:PORT", "Origin:"]],
];

test.each(inside)("CVE-2025-66414: %s comes in", async (_, headers, authority = "") => {
  const [mcp, , api, listed, page] = await statuses(headers, authority);
  expect([mcp, api, listed, page]).toEqual([401, 401, 200, 404]);
});

test.each(outside)("CVE-2025-66414: %s stays out", async (_, headers, authority = "") => {
  expect(await statuses(headers, authority)).toEqual([403, 403, 403, 403, 403, 403]);
});

test("a target with a foreign name in it goes nowhere but here: Host decides, and the name is not used", async () => {
  expect((await statuses(["Host: localhost:PORT"], "http://evil.test"))[2]).toBe(401);
});

test("without any Host nothing is answered, and the refusal is recorded", async () => {
  expect(await statusOf(["GET /api/v1/servers HTTP/1.0"])).toBe(403);
  expect(await statusOf(["GET /api/v1/servers HTTP/1.1", "Connection: close"])).toBe(400);
  expect(await statusOf(["GET /healthz HTTP/1.1", "Host: localhost"])).toBe(200);
  await w.until("it is in the log", async () => {
    const { json } = await w.api("GET", "/api/v1/audit/events?outcome=refused");
    return JSON.stringify(json).includes("this Host is not one");
  });
});
