import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readCredentials } from "../../src/lib/credentials-file.ts";
import { fixture } from "../world.ts";

/**
 * 64 clients use one token in a loop, over real sockets and against a process of its own, while it is revoked, round after round: no request that
 * started after the revoke was answered is let in. `bun run revocation` plays 200 rounds; `npm test` plays a tenth of them.
 */
const rounds = Number(process.env["MCPCTL_REVOCATION_ROUNDS"] ?? 20);
const clients = 64;
/** How many requests each client makes after the revoke was answered. */
const afterwards = 2;
/** A request without an answer was let in nowhere; it is counted, and must not hold the test. */
const unansweredMs = 5_000;

/** A request of one client: when it was begun (ms of one clock), and what it was answered. */
type Stamp = { startedAt: number; status: number };

/** Pure: which of these were let in though they started after this instant, and what else there was. */
function judgeStamps(stamps: readonly Stamp[], revokedAt: number) {
  const late = stamps.filter(({ startedAt }) => startedAt > revokedAt);
  return {
    before: stamps.length - late.length,
    refused: late.filter(({ status }) => status === 401).length,
    unanswered: stamps.filter(({ status }) => status === 0).length,
    admitted: late.filter(({ status }) => status !== 401 && status !== 0),
  };
}

const home = mkdtempSync(join(tmpdir(), "mcpctl-revocation-"));
const executable = resolve(import.meta.dir, "../../dist/mcpctl");
const program = existsSync(executable)
  ? [executable]
  : [process.execPath, resolve(import.meta.dir, "../../src/main.ts")];
let serve: Bun.Subprocess<"ignore", "pipe", "inherit">;
let url = "";
let admin = "";

beforeAll(async () => {
  serve = Bun.spawn([...program, "serve", "--port", "0", "--log", "warn"], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let printed = "";
  for await (const chunk of serve.stdout) {
    printed += Buffer.from(chunk).toString();
    url = /serves at (\S+) /.exec(printed)?.[1] ?? "";
    if (url !== "") break;
  }
  admin = readCredentials(join(home, ".mcpctl/credentials"))[url]?.token ?? "";
  const documents = [
    { kind: "server", name: "local", command: fixture() },
    { kind: "project", name: "demo", servers: ["local"] },
  ];
  await must(post("/api/v1/apply", admin, { documents }));
}, 20_000);
afterAll(async () => {
  serve.kill("SIGTERM");
  await serve.exited;
  rmSync(home, { recursive: true, force: true });
});

const send = (method: string, path: string, bearer: string, body?: object) =>
  fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(unansweredMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const post = (path: string, bearer: string, body: object = {}) => send("POST", path, bearer, body);
async function must(response: Promise<Response>): Promise<Record<string, string>> {
  const { ok, status } = await response;
  const text = await (await response).text();
  if (!ok) throw new Error(`${status} ${text}`);
  return JSON.parse(text) as Record<string, string>;
}
const rpc = (bearer: string, method: string, params: object = {}) =>
  post("/mcp", bearer, { jsonrpc: "2.0", id: 1, method, params });

/** What the clients do: each starts with another of these and goes on through them. */
const requests: ((bearer: string) => Promise<Response>)[] = [
  (bearer) => rpc(bearer, "ping"),
  (bearer) => send("GET", "/api/v1/servers/local", bearer),
  (bearer) => rpc(bearer, "tools/list"),
  (bearer) => rpc(bearer, "tools/call", { name: "local__echo", arguments: { text: "x" } }),
  (bearer) => send("GET", "/api/v1/auth/whoami", bearer),
];

/** 0 when there was no answer. */
async function statusOf(sent: Promise<Response> | undefined): Promise<number> {
  try {
    const response = await sent;
    await response?.arrayBuffer();
    return response?.status ?? 0;
  } catch {
    return 0;
  }
}

async function playRound(round: number) {
  const roleBindings = [{ role: "view", resource: "servers" }];
  const minted = await must(post("/api/v1/mcptokens", admin, { name: `r${round}`, project: "demo", roleBindings }));
  const { id, token = "" } = minted;
  const stamps: Stamp[] = [];
  let revokedAt = Number.POSITIVE_INFINITY;
  const client = async (_: unknown, index: number) => {
    for (let next = index, left = afterwards; left > 0; next++) {
      const startedAt = performance.now();
      if (startedAt > revokedAt) left--;
      stamps.push({ startedAt, status: await statusOf(requests[next % requests.length]?.(token)) });
    }
  };
  const revoking = async () => {
    await Bun.sleep(5 + Math.random() * 25);
    const status = await statusOf(post(`/api/v1/mcptokens/${id}/revoke`, admin));
    revokedAt = performance.now();
    return status;
  };
  const [status] = await Promise.all([revoking(), ...Array.from({ length: clients }, client)]);
  return { ...judgeStamps(stamps, revokedAt), status, letIn: stamps.filter((stamp) => stamp.status === 200).length };
}

test(
  `${rounds} rounds with ${clients} clients: nothing that starts after the revoke was answered is let in`,
  async () => {
    const total = { before: 0, letIn: 0, refused: 0, unanswered: 0, admitted: 0 };
    for (let round = 0; round < rounds; round++) {
      const { before, letIn, refused, unanswered, admitted, status } = await playRound(round);
      expect([status, letIn > 0]).toEqual([200, true]);
      total.before += before;
      total.letIn += letIn;
      total.refused += refused;
      total.unanswered += unanswered;
      total.admitted += admitted.length;
    }
    process.stdout.write(
      `revocation: ${rounds} rounds, ${clients} clients: ${total.before} requests begun before (${total.letIn} let in), ` +
        `${total.refused} begun after and refused, ${total.admitted} begun after and let in, ${total.unanswered} without an answer\n`,
    );
    expect([total.admitted, total.refused > (rounds * clients * afterwards) / 2]).toEqual([0, true]);
  },
  5_000 + rounds * 2_000,
);

test("a planted late admission is counted, whatever it was let in to, and one that began before is not", () => {
  const stamps = [
    { startedAt: 99, status: 200 },
    { startedAt: 100, status: 200 },
    { startedAt: 101, status: 200 },
    { startedAt: 102, status: 401 },
    { startedAt: 103, status: 403 },
    { startedAt: 104, status: 0 },
  ];
  expect(judgeStamps(stamps, 100)).toEqual({
    before: 2,
    refused: 1,
    unanswered: 1,
    admitted: [
      { startedAt: 101, status: 200 },
      { startedAt: 103, status: 403 },
    ],
  });
});
