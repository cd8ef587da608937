import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { within } from "../../src/lib/wait.ts";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import type { Binding } from "../../src/resources/rbac.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

/**
 * Ten ways in which a token loses what it stands on, against the doors that it had open: none stays open, and what was under way, the streams of
 * its legacy session and of a modern client's subscription among it, is cut within a second.
 */
let w: World;
const web = startHttpServer({ name: "web" });
const cutWithinMs = 1_000;
const hourMs = 3_600_000;

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "local", command: fixture("--name", "local", "--journal") },
      { kind: "server", name: "web", url: web.url },
    ],
  });
  await w.until("both run", async () => (await w.isRunning("local")()) && (await w.isRunning("web")()));
});
afterAll(async () => {
  await w.close();
  await web.stop();
});

type Minted = { id: string; token: string };
type Scene = { owner: string; team: string; project: string; login: string };
type Row = {
  what: string;
  status: 401 | 403;
  ttl?: string;
  /** Mints with the token that was minted by the owner, in place of using that one. */
  byParent?: boolean;
  happens: (scene: Scene, minted: Minted & { parent: string }) => Promise<unknown>;
};

const userPath = ({ owner }: Scene) => `/api/v1/users/${encodeURIComponent(owner)}`;
const tokenPath = (id: string, verb: string) => `/api/v1/mcptokens/${id}/${verb}`;

const rows: Row[] = [
  {
    what: "owner disabled",
    status: 401,
    happens: (s) => w.must("PUT", userPath(s), { name: s.owner, disabled: true }),
  },
  { what: "owner deleted", status: 401, happens: (s) => w.must("DELETE", userPath(s)) },
  {
    what: "owner demoted",
    status: 403,
    happens: ({ team }) =>
      w.must("PUT", `/api/v1/rbac/${team}`, {
        name: team,
        subjects: [{ kind: "Group", name: team }],
        roleBindings: [{ role: "view", resource: "users" }],
      }),
  },
  {
    what: "owner left the project",
    status: 403,
    happens: ({ team }) => w.must("PUT", `/api/v1/groups/${team}`, { name: team, members: [] }),
  },
  {
    what: "project deleted",
    status: 401,
    happens: ({ project }) => w.must("DELETE", `/api/v1/projects/${project}`),
  },
  {
    what: "project re-created under the same name",
    status: 401,
    happens: async ({ project }) => {
      await w.must("DELETE", `/api/v1/projects/${project}`);
      await w.must("POST", "/api/v1/projects", { name: project, servers: ["local", "web"] });
    },
  },
  { what: "expired", status: 401, ttl: "1h", happens: async () => w.advance(hourMs + 1) },
  {
    what: "rotated past overlap",
    status: 401,
    happens: async (_, { id }) => {
      await w.must("POST", tokenPath(id, "rotate"), { overlap: "1h" });
      w.advance(hourMs + 1);
    },
  },
  { what: "revoked", status: 401, happens: (_, { id }) => w.must("POST", tokenPath(id, "revoke")) },
  {
    what: "minted by a token that was revoked",
    status: 401,
    byParent: true,
    happens: (_, { parent }) => w.must("POST", tokenPath(parent, "revoke")),
  },
];

/** What the owner has through a group, and hands on to the token. */
const given: Binding[] = [
  { role: "run", action: "logs" },
  ...["projects", "servers", "mcptokens", "instances"].map((resource): Binding => ({ role: "view", resource })),
];
const minting: Binding = { role: "create", resource: "mcptokens" };

async function scene(name: string): Promise<Scene> {
  const [owner, team, project] = [`${name}@example.com`, `team-${name}`, `project-${name}`];
  const roleBindings = [...given, minting, { role: "run", resource: "projects", name: project }];
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "project", name: project, servers: ["local", "web"] },
      { kind: "user", name: owner },
      { kind: "group", name: team, members: [owner] },
      { kind: "rbac", name: team, subjects: [{ kind: "Group", name: team }], roleBindings },
    ],
  });
  return { owner, team, project, login: await w.loginAs(owner) };
}

async function mint({ project }: Scene, name: string, bearer: string, roleBindings: Binding[], ttl?: string) {
  const body = { name, project, roleBindings, ...(ttl === undefined ? {} : { ttl }) };
  const { status, json } = await w.api("POST", "/api/v1/mcptokens", body, bearer);
  if (status !== 201) throw new Error(`no token was minted: ${status} ${JSON.stringify(json)}`);
  return json as Minted;
}

const post = (token: string, message: object, headers: Record<string, string> = {}) =>
  w.fetch(
    new Request(`${w.url}/mcp`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    }),
  );
const legacy = (token: string, method: string, params: object = {}, headers = {}) =>
  post(token, { method, params }, headers);
const modern = (
  token: string,
  method: string,
  params: { name?: string; arguments?: object; notifications?: object } = {},
) => {
  const _meta = { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} };
  const name: Record<string, string> = params.name === undefined ? {} : { "mcp-name": params.name };
  const mirrored = { "mcp-protocol-version": modernVersion, "mcp-method": method, ...name };
  return post(token, { method, params: { ...params, _meta } }, mirrored);
};

/** The doors: each answers the status it is met with. */
const doors: Record<string, (token: string, session: string) => Promise<number>> = {
  "the control API": async (token) => {
    const [one, list] = [
      await w.api("GET", "/api/v1/servers/local", undefined, token),
      await w.api("GET", "/api/v1/mcptokens", undefined, token),
    ];
    return one.status === list.status ? one.status : Number.NaN;
  },
  "the gateway, legacy": async (token) => (await legacy(token, "tools/list")).status,
  "the gateway, modern": async (token) => (await modern(token, "tools/list")).status,
  "a legacy session": async (token, session) => {
    const headers = { "mcp-protocol-version": "2025-06-18", "mcp-session-id": session };
    return (await legacy(token, "tools/call", { name: "local__echo", arguments: { text: "x" } }, headers)).status;
  },
};

const get = (token: string, path: string, headers: Record<string, string> = {}) =>
  w.fetch(new Request(w.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } }));

/** The streams: what its servers log, what belongs to its session, what a modern client and one of 2024-11-05 listen to. */
const streams: Record<string, (token: string, session: string) => Promise<Response>> = {
  logs: (token) => get(token, "/api/v1/servers/local/logs?follow=true&tail=0"),
  session: (token, session) => get(token, "/mcp", { accept: "text/event-stream", "mcp-session-id": session }),
  listen: (token) => modern(token, "subscriptions/listen", { notifications: { toolsListChanged: true } }),
  sse: async (token) => {
    const { project } = (await w.api("GET", "/api/v1/mcptokens/introspect", undefined, token)).json;
    return await get(token, `/projects/${project}/sse`);
  },
};

const followed = async (response: Response) => {
  const seen = { text: "", endedAt: Number.NaN };
  const ended = (async () => {
    for await (const chunk of response.body ?? []) seen.text += Buffer.from(chunk).toString();
    seen.endedAt = performance.now();
  })();
  return { status: response.status, seen, ended };
};

/** What the local server wrote of the messages that it got. */
const cancelled = async () =>
  (await w.api("GET", "/api/v1/servers/local/logs?tail=10000")).text.match(/^notifications\/cancelled$/gm)?.length ?? 0;

describe.each(rows.map((row, index) => [row.what, row, index] as const))("%s", (_, row, index) => {
  let token = "";
  let happenedAt = Number.NaN;
  let session = "";
  let open: Awaited<ReturnType<typeof followed>>[] = [];
  let calls: { response: Promise<Response>; at: number }[] = [];
  let before = { local: 0, web: 0 };

  const isSlow = ({ body }: { body: string }) => body.includes('"name":"slow"');

  beforeAll(async () => {
    const stage = await scene(`r${index}`);
    const first = await mint(stage, "first", stage.login, row.byParent === true ? [...given, minting] : given, row.ttl);
    const used = row.byParent === true ? await mint(stage, "second", first.token, given) : first;
    token = used.token;

    const initialized = await legacy(token, "initialize", { protocolVersion: "2025-06-18", capabilities: {} });
    session = initialized.headers.get("mcp-session-id") ?? "";
    open = await Promise.all(
      Object.values(streams).map(async (stream) => await followed(await stream(token, session))),
    );
    for (const door of Object.values(doors)) expect(await door(token, session)).toBe(200);
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
    await w.until("a line comes through the stream", () => open[0]?.seen.text.includes("tools/call\n") === true);
    before = { local: await cancelled(), web: web.requests.filter(isSlow).length };
    const slow = (name: string) => ({ name, arguments: { ms: 20_000 } });
    calls = [legacy(token, "tools/call", slow("local__slow")), modern(token, "tools/call", slow("web__slow"))].map(
      (response) => {
        const call = { response, at: Number.NaN };
        void response.then(() => {
          call.at = performance.now();
        });
        return call;
      },
    );
    const underWay = () => web.requests.filter(isSlow).length > before.web;
    await w.until("both calls are under way", underWay);
    await Bun.sleep(30);
    expect(calls.map(({ at }) => at)).toEqual([Number.NaN, Number.NaN]);

    await row.happens(stage, { ...used, parent: first.id });
    happenedAt = performance.now();
  });

  test.each(Object.entries(doors))("%s is closed at the very next request", async (_name, door) => {
    expect(await door(token, session)).toBe(row.status);
  });

  test.each(Object.keys(streams))("an open stream ends within a second: %s", async (name) => {
    const stream = open[Object.keys(streams).indexOf(name)];
    await within(5_000, stream?.ended ?? Promise.resolve());
    expect((stream?.seen.endedAt ?? Number.NaN) - happenedAt).toBeLessThan(cutWithinMs);
  });

  test("calls under way are cut within a second, nothing of their answers goes out, and their servers are told", async () => {
    for (const { response } of calls) {
      const answer = await within(5_000, response);
      const text = await answer?.text();
      expect([answer?.status, text?.includes("done")]).toEqual([row.status, false]);
    }
    for (const { at } of calls) expect(at - happenedAt).toBeLessThan(cutWithinMs);
    await w.until("the process is told", async () => (await cancelled()) > before.local);
    const { id } = JSON.parse(web.requests.findLast(isSlow)?.body ?? "{}") as { id: number };
    const tellsOf = ({ method, body }: { method: string; body: string }) =>
      method === "notifications/cancelled" && body.includes(`"requestId":${id},`);
    await w.until("the server at the url is told", () => web.requests.some(tellsOf));
  });
});

test("whatever ended, nobody is watched any more", () => {
  expect(w.rooms.watch.size()).toBe(0);
});
