import { afterEach, describe, expect, test } from "bun:test";
import { type Connections, createConnections, type ServerRef } from "../../../src/mcp/upstream/connections.ts";
import { createVerdicts } from "../../../src/mcp/upstream/verdicts.ts";
import type { ServerFields } from "../../../src/resources/server.ts";
import { openDatabase } from "../../../src/storage/open.ts";
import { silentLog } from "../../log.ts";
import { type Habits, startStreamingServer } from "../../servers/streaming-server.ts";
import { abilities, call, channelOf, peerOf, until } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const silent = silentLog;
const runOf = (channel: ReturnType<typeof channelOf>) => ({ via: channel, closed: channel.closed });

type Told = { method: string; params: string; subject: string | undefined };

async function setUp(habits: Habits = {}, more: Partial<ServerFields> = {}) {
  const server = startStreamingServer(habits);
  let ahead = 0;
  let key = "k";
  const clock = { now: () => Date.now() + ahead };
  const db = openDatabase("sqlite::memory:");
  const told: Told[] = [];
  const processes: { pid: number; closed: Promise<unknown> }[] = [];
  const connections: Connections = createConnections({
    clock,
    log: silent,
    verdicts: await createVerdicts(db, clock),
    targetOf: async ({ fields }) => ({ url: fields.url ?? "", headers: { key } }),
    blotOf: () => (text) => text,
    serverStateOf: () => ({ state: "STARTING", running: 0, copies: 1, sleeps: false }),
    wake: () => {},
    startProcess: async () => {
      const process_ = channelOf();
      processes.push(process_);
      return { ...process_, instance: "p-1" };
    },
    onNotification: (_server, method, params, subject) => void told.push({ method, params, subject }),
    onAsk: async (_server, subject, method) => ({ result: JSON.stringify({ subject, method }) }),
  });
  closers.push(server.stop, () => db.close(), connections.close);
  const ref: ServerRef = { id: "s", name: "s", version: 1, fields: { transport: "http", url: server.url, ...more } };
  const advance = (ms: number) => {
    ahead += ms;
  };
  const changeKey = () => {
    key = "other";
  };
  return { server, connections, ref, told, processes, advance, changeKey };
}

const plain = (subject: string) => peerOf(subject, { abilities: {} });

describe("conversations", () => {
  test("of a modern server are one, whoever calls: who may be asked is said with each call", async () => {
    const { server, connections, ref } = await setUp({ eras: ["modern"] });
    const [a, b] = await Promise.all(["User:a", "User:b"].map((subject) => connections.get(ref, peerOf(subject))));
    expect(a).toBe(b as NonNullable<typeof b>);
    expect(server.sent("server/discover")).toHaveLength(1);
  });

  test("of a legacy server are shared by those who can be asked nothing, and declare nothing", async () => {
    const { server, connections, ref } = await setUp();
    const upstreams = await Promise.all(
      [undefined, plain("User:a"), plain("User:b")].map((peer) => connections.get(ref, peer)),
    );
    expect(new Set(upstreams).size).toBe(1);
    expect((await call(upstreams[0] as NonNullable<(typeof upstreams)[0]>, "seen", {})).declared).toEqual({});
    expect(server.sent("initialize")).toHaveLength(1);
  });

  test("in which somebody may be asked are never two callers'", async () => {
    const { connections, ref, told } = await setUp();
    const of = (peer = peerOf("User:a")) => connections.get(ref, peer);
    const [a, b] = [await of(), await of(peerOf("User:b"))];
    expect(a).toBe(await of());
    const others = [
      await connections.get(ref),
      b,
      await of(peerOf("User:a", { abilities: { elicitation: {} } })),
      await of(peerOf("User:a", { logLevel: "info" })),
      await of(peerOf("User:a", { abilities: {}, logLevel: "info" })),
      await of(peerOf("User:a", { clientInfo: { name: "another program" } })),
    ];
    expect(new Set([a, ...others]).size).toBe(7);
    expect((await call(a, "seen", {})).declared).toEqual(abilities);
    await until("it is told", async () => {
      await call(b, "change", {});
      await Bun.sleep(10);
      return told.length > 0;
    });
    expect(told[0]?.subject).toBe("User:b");
    expect(await call(a, "ask", {}, { peer: peerOf("User:a") })).toMatchObject({ content: { from: "User:a" } });
  });

  test("outside of any call, a question reaches the caller whose conversation it is", async () => {
    const { server, connections, ref } = await setUp();
    await connections.get(ref, peerOf("User:b"));
    await until(
      "both streams are open",
      () => [...server.conversations.values()].filter(({ tell }) => tell).length === 2,
    );
    const [, shared, own] = [...server.conversations.values()];
    const asked = async (conversation = shared) => await conversation?.ask((message) => conversation.tell?.(message));
    expect((await asked(own))?.result).toEqual({ subject: "User:b", method: "elicitation/create" });
    expect((await asked(shared))?.error?.message).toContain("nobody to ask");
  });

  test("end when room is needed and, once they have answered, with a change of the server; those in use do not make room", async () => {
    const { connections, ref, changeKey, server } = await setUp();
    const of = (n: number) => connections.get(ref, peerOf(`User:${n}`));
    const first = await of(0);
    const busy = await of(1);
    const waiting = call(busy, "wait", { ms: 600 }, { peer: peerOf("User:1") });
    for (let n = 2; n < 32; n++) await of(n);
    await of(32);
    await expect(first.request("ping", "{}")).rejects.toThrow("closed");
    changeKey();
    await connections.sync([ref]);
    expect(await waiting).toBe("waited");
    await until("all sessions are ended", () => server.requests.filter(({ verb }) => verb === "DELETE").length === 34);
    expect(await call(await of(1), "wait", { ms: 0 })).toBe("waited");
    expect(server.sent("initialize").at(-1)?.headers.get("key")).toBe("other");
  });

  test("of a process are processes of their own, and end with it", async () => {
    const { connections, processes } = await setUp();
    const ref: ServerRef = { id: "p", name: "p", version: 1, fields: { transport: "stdio", command: ["x"] } };
    const channel = channelOf();
    closers.push(() => channel.stop(true));
    const shared = await connections.attach(ref, "p-1", runOf(channel));
    const [a, b] = [await connections.get(ref, peerOf("User:a")), await connections.get(ref, peerOf("User:b"))];
    expect(processes).toHaveLength(2);
    expect(new Set([shared, a, b]).size).toBe(3);
    expect(await call(a, "ask", {}, { peer: peerOf("User:a") })).toMatchObject({ content: { from: "User:a" } });
    connections.close();
    await Promise.all(processes.map(({ closed }) => closed));
  });

  test("over SSE end with their stream and are opened again at the next use", async () => {
    const { server, connections, ref } = await setUp({}, { transport: "sse" });
    ref.fields = { ...ref.fields, url: server.sse };
    const before = await connections.get(ref);
    server.endStream();
    await before.ended;
    expect(await call(await connections.get(ref), "wait", { ms: 0 })).toBe("waited");
    expect(connections.spokenOf(ref)).toMatchObject({ era: "legacy", protocol: "2025-11-25" });
  });
});

describe("following", () => {
  const wish = (...resources: string[]) => ({ resources, tasks: [] });

  test.each([["legacy"], ["modern"]] as const)(
    "%s: what several want is asked for once, and given up with the last of them",
    async (era) => {
      const { server, connections, ref, told } = await setUp({ eras: [era] });
      await connections.follow(ref, "one", wish("r:1", "r:2"));
      await connections.follow(ref, "two", wish("r:2"));
      const upstream = await connections.get(ref);
      await call(upstream, "touch", { uri: "r:2" });
      await until("it is told", () => told.some(({ params }) => params.includes("r:2")));
      await connections.follow(ref, "one", wish());
      const asked = (method: string) => server.sent(method).map(({ body }) => JSON.parse(body).params.uri as string);
      if (era === "legacy") {
        expect([asked("resources/subscribe"), asked("resources/unsubscribe")]).toEqual([["r:1", "r:2"], ["r:1"]]);
        await connections.follow(ref, "two", wish());
        expect(asked("resources/unsubscribe")).toEqual(["r:1", "r:2"]);
      } else {
        const filters = server
          .sent("subscriptions/listen")
          .map(({ body }) => JSON.parse(body).params.notifications.resourceSubscriptions);
        expect(filters.at(-1)).toEqual(["r:2"]);
      }
    },
  );

  test("goes on in the conversation that replaces one that ended", async () => {
    const { server, connections, ref, told } = await setUp({}, { transport: "sse" });
    ref.fields = { ...ref.fields, url: server.sse };
    await connections.follow(ref, "one", wish("r:1"));
    server.endStream();
    await until("it is followed again", () => server.sent("resources/subscribe").length === 2);
    await call(await connections.get(ref), "touch", { uri: "r:1" });
    await until("it is told", () => told.some(({ params }) => params.includes("r:1")));
  });

  test("a wish that the server refuses is an error and leaves the others as they were", async () => {
    const { connections, ref } = await setUp();
    await connections.follow(ref, "one", wish("r:1"));
    await expect(connections.follow(ref, "two", wish("refused:2"))).rejects.toThrow('server "s": ');
    await connections.follow(ref, "three", wish("r:3"));
    expect((await call(await connections.get(ref), "seen", {})).followed).toEqual(["r:1", "r:3"]);
  });
});

describe("eras", () => {
  const day = 24 * 60 * 60_000;

  test("are remembered, asked for again after seven days, and never when they are forced", async () => {
    const { server, connections, ref, advance } = await setUp({ eras: ["legacy"] });
    const reopened = async () => {
      const upstream = await connections.get(ref);
      connections.broken(ref, upstream, "gone");
      advance(11_000);
      return server.requests.filter(({ method }) => method === "server/discover").length;
    };
    expect([await reopened(), await reopened()]).toEqual([1, 1]);
    server.habits.eras = ["legacy", "modern"];
    advance(6 * day);
    expect(await reopened()).toBe(1);
    advance(2 * day);
    expect(await reopened()).toBe(2);
    expect((await connections.get(ref)).era).toBe("modern");
    expect(connections.spokenOf(ref)).toEqual({ era: "modern", protocol: "2026-07-28", since: expect.any(String) });
    const forced: ServerRef = { ...ref, fields: { ...ref.fields, protocol: "legacy" } };
    await connections.sync([forced]);
    expect(await connections.get(forced)).toMatchObject({ era: "legacy" });
    expect(connections.spokenOf(forced)).toEqual({ era: "legacy", protocol: "2025-11-25" });
  });

  test("that are forced upon a process and refused are told of as forced", async () => {
    const { connections, ref } = await setUp({}, { protocol: "modern" });
    const channel = channelOf("--era", "legacy");
    closers.push(() => channel.stop(true));
    expect(await connections.attach(ref, "p-1", runOf(channel)).catch(String)).toContain(
      "`protocol: modern` says: remove it",
    );
  });

  test("a process that ends when it is asked is asked in the legacy one next time", async () => {
    const { connections } = await setUp();
    const ref: ServerRef = { id: "p", name: "p", version: 1, fields: { transport: "stdio", command: ["x"] } };
    const [first, second] = [channelOf("--dies-of-probe"), channelOf("--dies-of-probe")];
    closers.push(
      () => first.stop(true),
      () => second.stop(true),
    );
    expect(await connections.attach(ref, "p-1", runOf(first)).catch(String)).toContain("process has ended");
    expect((await connections.attach(ref, "p-1", runOf(second))).era).toBe("legacy");
  });
});
