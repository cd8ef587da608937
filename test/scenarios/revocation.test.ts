import { afterAll, beforeAll, expect, test } from "bun:test";
import { fixture, type World, world } from "../world.ts";

/**
 * 64 clients use one token in a loop over real sockets while it is revoked, round after round: no request that started after the revoke was
 * answered is let in. `bun run revocation` plays 200 rounds; `npm test` plays a tenth of them.
 */
const rounds = Number(process.env["MCPCTL_REVOCATION_ROUNDS"] ?? 20);
const clients = 64;
/** How many requests each client makes after the revoke was answered. */
const afterwards = 2;

/** A request of one client: when it was begun (ms of one clock), and what it was answered. */
type Stamp = { startedAt: number; status: number };

/** Pure: which of these were let in though they started after this instant, and what else there was. */
function judgeStamps(stamps: readonly Stamp[], revokedAt: number) {
  const late = stamps.filter(({ startedAt }) => startedAt > revokedAt);
  return {
    before: stamps.length - late.length,
    refused: late.filter(({ status }) => status === 401).length,
    admitted: late.filter(({ status }) => status !== 401),
  };
}

let w: World;
let url: string;
beforeAll(async () => {
  w = await world();
  url = w.listen();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["local"] });
  await w.until("it runs", w.isRunning("local"));
});
afterAll(() => w.close());

const post = (path: string, bearer: string, body: object = {}) =>
  fetch(url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const rpc = (bearer: string, method: string, params: object = {}) =>
  post("/mcp", bearer, { jsonrpc: "2.0", id: 1, method, params });

/** What the clients do: each starts with another of these and goes on through them. */
const requests: ((bearer: string) => Promise<Response>)[] = [
  (bearer) => rpc(bearer, "ping"),
  (bearer) => fetch(`${url}/api/v1/servers/local`, { headers: { authorization: `Bearer ${bearer}` } }),
  (bearer) => rpc(bearer, "tools/list"),
  (bearer) => rpc(bearer, "tools/call", { name: "local__echo", arguments: { text: "x" } }),
  (bearer) => fetch(`${url}/api/v1/auth/whoami`, { headers: { authorization: `Bearer ${bearer}` } }),
];

async function playRound(round: number) {
  const roleBindings = [{ role: "view", resource: "servers" }];
  const { id, token } = await w.must("POST", "/api/v1/mcptokens", { name: `r${round}`, project: "demo", roleBindings });
  const stamps: Stamp[] = [];
  let revokedAt = Number.POSITIVE_INFINITY;
  const client = async (_: unknown, index: number) => {
    for (let next = index, left = afterwards; left > 0; next++) {
      const startedAt = performance.now();
      if (startedAt > revokedAt) left--;
      const response = await requests[next % requests.length]?.(token);
      await response?.arrayBuffer();
      stamps.push({ startedAt, status: response?.status ?? 0 });
    }
  };
  const revoking = async () => {
    await Bun.sleep(5 + Math.random() * 25);
    const { status } = await post(`/api/v1/mcptokens/${id}/revoke`, w.admin);
    revokedAt = performance.now();
    return status;
  };
  const [status] = await Promise.all([revoking(), ...Array.from({ length: clients }, client)]);
  return { ...judgeStamps(stamps, revokedAt), status, letIn: stamps.filter((stamp) => stamp.status === 200).length };
}

test(
  `${rounds} rounds with ${clients} clients: nothing that starts after the revoke was answered is let in`,
  async () => {
    const total = { before: 0, letIn: 0, refused: 0, admitted: 0 };
    for (let round = 0; round < rounds; round++) {
      const { before, letIn, refused, admitted, status } = await playRound(round);
      expect([status, letIn > 0, refused + admitted.length]).toEqual([200, true, clients * afterwards]);
      total.before += before;
      total.letIn += letIn;
      total.refused += refused;
      total.admitted += admitted.length;
    }
    process.stdout.write(
      `revocation: ${rounds} rounds, ${clients} clients: ${total.before} requests begun before (${total.letIn} let in), ` +
        `${total.refused} begun after and refused, ${total.admitted} begun after and let in\n`,
    );
    expect(total.admitted).toBe(0);
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
  ];
  expect(judgeStamps(stamps, 100)).toEqual({
    before: 2,
    refused: 1,
    admitted: [
      { startedAt: 101, status: 200 },
      { startedAt: 103, status: 403 },
    ],
  });
});
