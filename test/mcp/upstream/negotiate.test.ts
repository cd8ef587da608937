import { afterEach, describe, expect, test } from "bun:test";
import type { Era } from "../../../src/mcp/protocol.ts";
import { erasToTry, openHttp, openProcess, type Protocol } from "../../../src/mcp/upstream/negotiate.ts";
import { type Habits, startStreamingServer } from "../../servers/streaming-server.ts";
import { channelOf, opening, until } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("the era that was seen last is tried first, a forced one alone", () => {
  const tried = (protocol: Protocol, known?: Era) => erasToTry(protocol, known).join();
  expect([tried("auto"), tried("auto", "modern"), tried("auto", "legacy")]).toEqual([
    "modern,legacy",
    "modern,legacy",
    "legacy,modern",
  ]);
  expect([tried("legacy", "modern"), tried("modern", "legacy")]).toEqual(["legacy", "modern"]);
});

describe("over HTTP", () => {
  async function open(habits: Habits, protocol: Protocol = "auto", known?: Era) {
    const server = startStreamingServer(habits);
    closers.push(server.stop);
    const outcome = await openHttp({ url: server.url, headers: {} }, protocol, known, opening()).then(
      (upstream) => {
        closers.push(upstream.close);
        return upstream.era as string;
      },
      (error: Error) => error.message,
    );
    return {
      outcome,
      asked: server.requests.flatMap(({ method }) => (method === "subscriptions/listen" ? [] : (method ?? []))),
    };
  }

  test("a server of both eras is spoken to in the modern one", async () => {
    expect(await open({ eras: ["legacy", "modern"] })).toMatchObject({ outcome: "modern" });
  });

  test.each([400, 404, 405, 200])("one that answers the question with %i and no yes is legacy", async (probeStatus) => {
    const { outcome, asked } = await open({ probeStatus });
    expect([outcome, ...asked.slice(0, 2)]).toEqual(["legacy", "server/discover", "initialize"]);
  });

  test.each([401, 403, 500, 502, 503])("%i decides nothing, even with JSON-RPC in it", async (probeStatus) => {
    const { outcome, asked } = await open({ probeStatus });
    expect(outcome).toContain(`HTTP ${probeStatus}`);
    expect(asked).toEqual(["server/discover"]);
  });

  test("a refused version is tried again when the server names it, and else it is legacy", async () => {
    const both = { eras: ["legacy", "modern"] } as const;
    expect(await open({ ...both, refusesFirst: ["2026-07-28"] })).toMatchObject({ outcome: "modern" });
    expect(await open({ ...both, refusesFirst: ["2025-11-25"] })).toMatchObject({ outcome: "legacy" });
  });

  test("what was known is tried first; when it is wrong the other era is found", async () => {
    expect((await open({ eras: ["legacy", "modern"] }, "auto", "legacy")).outcome).toBe("legacy");
    expect(await open({ eras: ["modern"] }, "auto", "legacy")).toMatchObject({
      outcome: "modern",
      asked: ["initialize", "server/discover"],
    });
    expect((await open({ eras: ["legacy"] }, "auto", "modern")).outcome).toBe("legacy");
  });

  test("a forced era is not left", async () => {
    expect((await open({ eras: ["legacy", "modern"] }, "legacy")).outcome).toBe("legacy");
    const { outcome, asked } = await open({ eras: ["legacy"] }, "modern");
    expect(outcome).toContain("does not speak 2026-07-28");
    expect(asked).toEqual(["server/discover"]);
    expect((await open({ eras: ["modern"] }, "legacy")).outcome).toContain("refused initialize");
  });

  test("a forced era that fails says what asked for it and what to do", async () => {
    expect((await open({ eras: ["legacy"] }, "modern")).outcome).toEndWith(
      "as `protocol: modern` says: remove it to try both",
    );
    expect((await open({ eras: ["modern"] }, "legacy")).outcome).toEndWith(
      "as `protocol: legacy` says: remove it to try both",
    );
    expect((await open({ eras: [] })).outcome).not.toContain("protocol:");
  });

  test.each([
    ["by its path", 400, "/sse", true],
    ["by its path, with a slash", 404, "/sse/", true],
    ["by its stream", 405, "/events", true],
    ["by its stream", 404, "/events", true],
    ["not by a stream beside another answer", 400, "/events", false],
    ["not without a stream", 404, "/none", false],
    ["not by credentials that are missing", 401, "/sse", false],
  ] as const)("a server of HTTP with SSE is told %s (%i %s)", async (_how, status, path, isTold) => {
    let cancelled = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ method }) =>
        method === "GET" && path !== "/none"
          ? new Response(
              new ReadableStream({
                start: (c) => c.enqueue("event: endpoint\ndata: /m\n\n"),
                cancel: () => void cancelled++,
              }),
              {
                headers: { "content-type": "text/event-stream" },
              },
            )
          : new Response("no", { status }),
    });
    closers.push(() => server.stop(true));
    const target = { url: `http://127.0.0.1:${server.port}${path}`, headers: {} };
    const failure: Error = await openHttp(target, "auto", undefined, opening()).then(
      () => new Error("opened"),
      (error: Error) => error,
    );
    expect(failure.message).toContain(`HTTP ${status}`);
    expect(failure.message.includes("set `transport: sse`")).toBe(isTold);
    if (isTold && path === "/events") await until("the stream is let go of", () => cancelled === 1);
  });

  test("a server that cannot be reached decides nothing", async () => {
    await expect(openHttp({ url: "http://127.0.0.1:9/", headers: {} }, "auto", "modern", opening())).rejects.toThrow(
      "cannot be reached",
    );
  });
});

describe("a process", () => {
  async function open(flags: string[], protocol: Protocol = "auto", known?: Era) {
    const channel = channelOf(...flags);
    closers.push(() => channel.stop(true));
    return await openProcess(channel, protocol, known, opening()).then(
      ({ era }) => era as string,
      (error: Error) => error.message,
    );
  }

  test.each([
    ["legacy", "legacy"],
    ["modern", "modern"],
    ["both", "modern"],
  ])("of era %s is spoken to in the %s one", async (era, spoken) => {
    expect(await open(["--era", era])).toBe(spoken);
  });

  test("that ends when it is asked is told of as ended", async () => {
    expect(await open(["--dies-of-probe"])).toContain("process has ended");
    expect(await open(["--dies-of-probe"], "auto", "legacy")).toBe("legacy");
  });

  test("that is silent is legacy after five seconds", async () => {
    const begun = performance.now();
    expect(await open(["--silent-probe"])).toBe("legacy");
    expect(performance.now() - begun).toBeGreaterThan(4_900);
  }, 15_000);
});
