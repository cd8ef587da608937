import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Ending } from "../../../src/lib/ending.ts";
import { metaKeys } from "../../../src/mcp/protocol.ts";
import { Absent } from "../../../src/mcp/upstream/failures.ts";
import { openHttp, openSse } from "../../../src/mcp/upstream/negotiate.ts";
import type { Opening, Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { type Habits, startStreamingServer } from "../../servers/streaming-server.ts";
import { abilities, call, opening, peerOf, until } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function serve(habits: Habits) {
  const server = startStreamingServer(habits);
  closers.push(server.stop);
  return server;
}
async function open(server: { url: string }, own: Partial<Opening> = {}): Promise<Upstream> {
  const upstream = await openHttp({ url: server.url, headers: { "x-key": "k" } }, "auto", undefined, opening(own));
  closers.push(upstream.close);
  return upstream;
}
const modern = (habits: Habits = {}) => serve({ eras: ["modern"], ...habits });
const legacy = (habits: Habits = {}) => serve({ eras: ["legacy"], ...habits });
const bodies = (requests: { body: string }[]) => requests.map(({ body }) => JSON.parse(body));

describe("modern", () => {
  test("closing the stream is how a call is taken back, and nothing else is said", async () => {
    const server = modern();
    const upstream = await open(server);
    const before = server.aborted();
    const gone = call(upstream, "wait", { ms: 5_000 }, { timeoutMs: 50 });
    expect(await gone.catch((error: Error) => error.message)).toContain("no answer within 0.05 s");
    await until("the stream is closed", () => server.aborted() > before);
    expect(server.sent("notifications/cancelled")).toEqual([]);
  });

  test("each request says whose it is, and what of it stands in headers", async () => {
    const server = modern();
    const upstream = await open(server);
    const inputSchema = { type: "object", properties: { mark: { type: "string", "x-mcp-header": "Mark" } } };
    const tool = JSON.stringify({ name: "wait", inputSchema });
    const peer = peerOf("User:a", { logLevel: "error", abilities: { ...abilities, extensions: { "x/y": { z: 1 } } } });
    await call(upstream, "wait", { ms: 0, mark: "grün" }, { peer, tool });
    const sent = server.sent("tools/call")[0];
    expect(
      Object.fromEntries(
        ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-param-mark", "x-key"].map((name) => [
          name,
          sent?.headers.get(name),
        ]),
      ),
    ).toEqual({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "wait",
      "mcp-param-mark": "=?base64?Z3LDvG4=?=",
      "x-key": "k",
    });
    const { _meta } = bodies(sent === undefined ? [] : [sent])[0].params;
    expect(_meta).toEqual({
      progressToken: expect.any(Number),
      [metaKeys.protocolVersion]: "2026-07-28",
      [metaKeys.clientInfo]: { name: "User:a", version: "7" },
      [metaKeys.clientCapabilities]: { ...abilities, extensions: { "x/y": { z: 1 } } },
      [metaKeys.logLevel]: "error",
    });
    await upstream.request("resources/read", '{"uri":"fixture://ü"}');
    expect(server.sent("resources/read")[0]?.headers.get("mcp-name")).toBe("=?base64?Zml4dHVyZTovL8O8?=");
  });

  test("headers are those of the tool as it is now, and of nothing else", async () => {
    const server = modern();
    const upstream = await open(server);
    const declaring = (header?: string) =>
      JSON.stringify({ inputSchema: { properties: { mark: { type: "string", "x-mcp-header": header } } } });
    const told = () => {
      const { headers } = server.sent("tools/call").at(-1) ?? { headers: new Headers() };
      return [...headers].flatMap(([name, value]) => (/^mcp-(name|param)/.test(name) ? `${name}=${value}` : []));
    };
    for (const [name, mark, header, expected] of [
      ["wait", "1", undefined, ["mcp-name=wait"]],
      ["wait", "2", "A", ["mcp-name=wait", "mcp-param-a=2"]],
      ["wait", "3", "A", ["mcp-name=wait", "mcp-param-a=3"]],
      ["pace", "4", "B", ["mcp-name=pace", "mcp-param-b=4"]],
      ["wait", "5", undefined, ["mcp-name=wait"]],
    ] as const) {
      await upstream.request("tools/call", JSON.stringify({ name, arguments: { ms: 0, mark } }), {
        tool: declaring(header),
      });
      expect(told()).toEqual([...expected]);
    }
    await upstream.request("tools/call", '{"arguments":{"ms":0},"name":"wa\\"it"}');
    expect(told()).toEqual(['mcp-name=wa"it']);
  });

  test("a tool whose schema cannot be followed is not called", async () => {
    const server = modern();
    const upstream = await open(server);
    const tool = '{"inputSchema":{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}}';
    await expect(call(upstream, "wait", {}, { tool })).rejects.toThrow("cannot be followed");
    await Bun.sleep(20);
    expect(server.sent("tools/call")).toEqual([]);
  });

  test("results are without the words of the era, and say how long they may be kept", async () => {
    const upstream = await open(modern());
    const list = await upstream.request("tools/list", "{}");
    expect("result" in list && Object.keys(JSON.parse(list.result))).toEqual(["tools"]);
    expect(await upstream.request("server/discover", "{}")).toMatchObject({ ttlMs: 5 });
    const called = await upstream.request("tools/call", '{"name":"wait","arguments":{"ms":0}}');
    expect(called).toMatchObject({ result: '{"content":[{"type":"text","text":"waited"}]}' });
  });

  test("what the server needs to know goes through to a client that answers by itself", async () => {
    const upstream = await open(modern());
    const peer = peerOf("User:a", { takesInput: true });
    const params = '{"name":"ask","arguments":{},"inputResponses":{"q1":{"own":true}},"requestState":"1"}';
    const asked = await upstream.request("tools/call", '{"name":"ask","arguments":{}}', { peer });
    expect(asked).toMatchObject({ type: "input_required" });
    expect(JSON.parse("result" in asked ? asked.result : "")).toMatchObject({
      requestState: "1",
      inputRequests: { q1: {} },
    });
    expect(peer.asked).toEqual([]);
    const answered = await upstream.request("tools/call", params, { peer });
    expect("result" in answered && answered.result).toContain('{\\"own\\":true}');
  });

  test("any other client is asked in the server's place, round by round, with the state echoed and new ids", async () => {
    const server = modern();
    const upstream = await open(server);
    const peer = peerOf("User:a");
    expect(await call(upstream, "ask", { rounds: 3 }, { peer })).toEqual({
      action: "accept",
      content: { from: "User:a" },
    });
    const sent = bodies(server.sent("tools/call"));
    expect(sent.map(({ params }) => params.requestState)).toEqual([undefined, "1", "2", "3"]);
    expect(sent.map(({ params }) => Object.keys(params.inputResponses ?? {}))).toEqual([[], ["q1"], ["q2"], ["q3"]]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
  });

  test("but not for ever, and not without anybody to ask", async () => {
    const server = modern();
    const upstream = await open(server);
    await expect(call(upstream, "ask", { rounds: 99 }, { peer: peerOf("User:a") })).rejects.toThrow(
      "more than 10 times",
    );
    await expect(call(upstream, "ask", {})).rejects.toThrow("no client is there");
    await until("all was sent", () => server.sent("tools/call").length === 12);
  });

  test("a state alone means later", async () => {
    const upstream = await open(modern());
    const begun = performance.now();
    expect(await call(upstream, "later", {}, { peer: peerOf("User:a") })).toBe("at last");
    expect(performance.now() - begun).toBeGreaterThan(200);
  });

  test("while the client is asked, leaving ends it", async () => {
    const upstream = await open(modern());
    const leaving = new Ending();
    let wasTold = false;
    const peer = peerOf("User:a", {
      ask: (_method, _params, signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            wasTold = true;
          });
          leaving.end();
        }),
    });
    expect(await call(upstream, "ask", {}, { peer, ending: leaving }).catch(String)).toContain("the caller went away");
    expect(wasTold).toBe(true);
  });

  test("a version that was refused is offered once more when the server names it", async () => {
    const server = modern({ refusesFirst: ["2026-07-28"] });
    const upstream = await open(server);
    expect(upstream.era).toBe("modern");
    expect(await call(upstream, "wait", { ms: 0 })).toBe("waited");
    expect([server.sent("server/discover").length, server.sent("tools/call").length]).toEqual([2, 2]);
  });

  test.each([
    [-32020, {}, false, { code: -32603 }],
    [-32022, { supported: ["2099-01-01"] }, true, { code: -32603 }],
    [
      -32021,
      { requiredCapabilities: { sampling: {} } },
      false,
      { code: -32600, message: expect.stringContaining("sampling") },
    ],
    [
      -32021,
      { requiredCapabilities: { sampling: {} } },
      true,
      { code: -32021, data: { requiredCapabilities: { sampling: {} } } },
    ],
    [-32602, { own: 1 }, true, { code: -32602, message: "m", data: { own: 1 } }],
  ])("a server's %i (%o) is said as what it is to the client", async (code, data, takesInput, said) => {
    const upstream = await open(modern({ error: { code, message: "m", data } }));
    const outcome = await upstream.request("tools/call", '{"name":"x"}', { peer: peerOf("User:a", { takesInput }) });
    expect(JSON.parse("error" in outcome ? outcome.error : "")).toMatchObject(said);
  });
});

describe("legacy", () => {
  test("a stream that breaks off is taken up again after exactly the pause that was asked for", async () => {
    const server = legacy({ breaksOff: { retryMs: 300 } });
    const upstream = await open(server);
    expect(await call(upstream, "wait", { ms: 1 })).toBe("waited");
    const [cut] = server.sent("tools/call");
    const taken = server.requests.find(({ headers }) => headers.get("last-event-id") !== null);
    expect(taken?.headers.get("mcp-session-id")).toBe(cut?.headers.get("mcp-session-id") ?? "");
    const pause = (taken?.at ?? 0) - (cut?.at ?? 0);
    expect(pause).toBeGreaterThanOrEqual(295);
    expect(pause).toBeLessThan(900);
    expect(server.sent("tools/call")).toHaveLength(1);
  });

  test("the stream for what belongs to no call is taken up again as well, where it ended", async () => {
    const told: string[] = [];
    const server = legacy();
    const upstream = await open(server, { onNotification: (method) => void told.push(method) });
    const gets = () => server.requests.filter(({ verb }) => verb === "GET");
    await until("it is open", () => gets().length === 1);
    await call(upstream, "change", {});
    await until("it is told", () => told.length === 1);
    server.endStream();
    await until("it is open again", () => gets().length === 2);
    expect(gets()[1]?.headers.get("last-event-id")).toStartWith("t");
  });

  test("a forgotten session is opened anew and the call sent once more; the log level and what is followed are said again", async () => {
    const server = legacy();
    const upstream = await open(server);
    const peer = peerOf("User:a", { logLevel: "error" });
    await upstream.follow({ resources: ["a:1"], tasks: [] });
    await call(upstream, "log", {}, { peer });
    server.forgetSessions();
    expect(await call(upstream, "log", {}, { peer })).toBe("error");
    await until("it is followed again", () => server.sent("resources/subscribe").length === 2);
    expect(server.sent("initialize")).toHaveLength(2);
    expect(await Promise.all([1, 2, 3].map((ms) => call(upstream, "wait", { ms })))).toEqual([
      "waited",
      "waited",
      "waited",
    ]);
  });

  test("many calls that find the session forgotten open one new one", async () => {
    const server = legacy();
    const upstream = await open(server);
    server.forgetSessions();
    await Promise.all(Array.from({ length: 10 }, () => call(upstream, "wait", { ms: 0 })));
    expect(server.sent("initialize")).toHaveLength(2);
  });

  test("calls that come while the session is opened anew wait for it", async () => {
    const server = legacy();
    const upstream = await open(server);
    server.forgetSessions();
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < 40; n++) {
      calls.push(call(upstream, "wait", { ms: 0 }));
      if (n % 4 === 0) await Bun.sleep(1);
    }
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["waited"]));
    expect(server.sent("initialize")).toHaveLength(2);
  });

  test("a session that is forgotten while nobody calls is opened anew for what is followed", async () => {
    const server = legacy();
    const upstream = await open(server);
    await upstream.follow({ resources: ["a:1"], tasks: [] });
    await until("the stream is open", () => server.requests.some(({ verb }) => verb === "GET"));
    server.forgetSessions();
    server.endStream();
    await until("it is followed again", () => server.sent("resources/subscribe").length === 2);
  });

  test("a question goes to the call on whose stream it came, whoever else is waiting", async () => {
    const upstream = await open(legacy());
    const peers = ["User:a", "User:b", "User:c"].map((subject) => peerOf(subject));
    const answers = await Promise.all(peers.map((peer) => call(upstream, "ask", {}, { peer })));
    expect(answers.map(({ content }) => content.from)).toEqual(["User:a", "User:b", "User:c"]);
  });

  test("a question that belongs to no call goes to whoever opened the conversation, or to nobody", async () => {
    const nobody = legacy();
    await open(nobody);
    const asked = async (server: typeof nobody) => {
      await until("the stream is open", () =>
        [...server.conversations.values()].some(({ tell }) => tell !== undefined),
      );
      const conversation = [...server.conversations.values()].find(({ tell }) => tell !== undefined);
      return await conversation?.ask((message) => conversation.tell?.(message));
    };
    expect((await asked(nobody))?.error?.message).toContain("nobody to ask");
    const somebody = legacy();
    await open(somebody, { onAsk: async (method) => ({ result: JSON.stringify({ method }) }) });
    expect((await asked(somebody))?.result).toEqual({ method: "elicitation/create" });
  });

  test("says what the client can do, exactly, and ends its session at the end", async () => {
    const server = legacy();
    const upstream = await open(server, { abilities: { ...abilities, extensions: { "x/y": {} } } });
    expect((await call(upstream, "seen", {})).declared).toEqual(abilities);
    upstream.close();
    await until("it was deleted", () => server.requests.some(({ verb }) => verb === "DELETE"));
    await expect(call(upstream, "wait", {})).rejects.toThrow("closed");
  });

  test("a resource whose changes the server will not tell is an error, and nothing else is lost by it", async () => {
    const upstream = await open(legacy());
    await upstream.follow({ resources: ["a:1"], tasks: [] });
    await expect(upstream.follow({ resources: ["a:1", "refused:1"], tasks: [] })).rejects.toThrow("refused:1");
    await upstream.follow({ resources: ["a:1", "a:2"], tasks: [] });
    expect((await call(upstream, "seen", {})).followed).toEqual(["a:1", "a:2"]);
  });
});

describe("servers that are not to be trusted", () => {
  test.each(["http://127.0.0.1:9/messages", "//evil.example/m", "https://127.0.0.1/x", "javascript:1"])(
    "an endpoint of another origin (%s) is refused, and nothing is sent there",
    async (endpoint) => {
      const server = serve({ endpoint });
      expect(await openSse({ url: server.sse, headers: {} }, opening()).catch(String)).toContain("another origin");
    },
  );

  /** Answers initialize, and everything else with raw bytes. */
  async function raw(answer: string) {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { id, method } = JSON.parse(body === "" ? "{}" : body);
        if (request.method !== "POST") return response.writeHead(405).end();
        if (method === "initialize") {
          const result = { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: {} };
          return response
            .writeHead(200, { "content-type": "application/json" })
            .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
        }
        if (method !== "tools/call") return response.writeHead(id === undefined ? 202 : 400).end();
        return response.socket?.end(answer.replaceAll("ID", String(id)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    closers.push(() => server.close());
    return await open({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` });
  }
  const stream = (body: string) => `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${body}`;
  const answer = '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"text":"ok"}]}}';

  test.each([
    ["a redirect", "HTTP/1.1 307 T\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n", "another origin"],
    ["no JSON-RPC", "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi", "HTTP 200"],
    ["an answer to another id", stream('data: {"jsonrpc":"2.0","id":999,"result":{}}\n\n'), "ended without an answer"],
    ["an id in quotes", stream(`data: ${answer.replace("ID", '"ID"')}\n\n`), "ended without an answer"],
    ["an event that is too big", stream(`data: ${"x".repeat(11 * 1024 * 1024)}\n\n`), "of over 10 MiB"],
    ["an event that never ends", stream(`${`data: ${"x".repeat(94)}\n`.repeat(110_000)}`), "of over 10 MiB"],
    ["an event of lines without end", stream(`${"data: x\n".repeat(1_500_000)}`), "of over 200000 lines"],
    ["neither result nor error", stream('data: {"jsonrpc":"2.0","id":ID}\n\n'), "neither result nor error"],
  ])("%s is an error that says so", async (_, bytes, why) => {
    const upstream = await raw(bytes);
    expect(await call(upstream, "x", {}).catch(String)).toContain(why);
  });

  const inJson = (status: number, body: string) =>
    `HTTP/1.1 ${status} S\r\ncontent-type: application/json\r\n\r\n${body}`;
  const busy = (id: string) => `{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":"busy"}}`;
  test.each([502, 503, 504])(
    "JSON-RPC under HTTP %i is the server's own answer, and shows that it is there",
    async (status) => {
      for (const id of ["ID", "null"]) {
        const upstream = await raw(inJson(status, busy(id)));
        expect(await upstream.request("tools/call", '{"name":"x"}', { peer: peerOf("User:a") })).toMatchObject({
          error: expect.stringContaining("busy"),
        });
      }
    },
  );

  test.each([502, 503, 504])(
    "anything else under HTTP %i is what stands before it, and says that it is not there",
    async (status) => {
      for (const body of ["<html>bad gateway</html>", "{}", ""])
        expect(await call(await raw(inJson(status, body)), "x", {}).catch((error) => error)).toBeInstanceOf(Absent);
    },
  );

  test.each([
    ["CR LF", `: c\r\nevent: message\r\ndata: ${answer}\r\n\r\n`],
    ["CR", `data: ${answer}\r\r`],
    ["several lines of data", `data: ${answer.slice(0, 16)}\ndata:${answer.slice(16)}\n\n`],
    ["noise before it", `data: {nope\n\ndata: [1]\n\ndata: "x"\n\nfoo: bar\n\ndata: ${answer}\n\n`],
  ])("an answer with %s is understood", async (_, body) => {
    expect(await call(await raw(stream(body)), "x", {})).toBe("ok");
  });
});
