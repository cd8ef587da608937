import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { within } from "../../src/lib/wait.ts";
import { metaKeys } from "../../src/mcp/protocol.ts";
import { startOddServer } from "../client/odd-server.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
let token: string;
const web = startHttpServer({ name: "web", stream: true, bearer: "upstream-secret" });

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "secret", name: "web", data: { key: "Bearer upstream-secret" } },
      {
        kind: "server",
        name: "local",
        command: fixture("--name", "local", "--noise"),
        env: [{ name: "COLOUR", value: "blue" }],
      },
      {
        kind: "server",
        name: "web",
        url: web.url,
        headers: [{ name: "Authorization", valueFrom: { secretRef: { name: "web", key: "key" } } }],
      },
      { kind: "server", name: "dead", command: ["/nowhere/at/all"] },
      { kind: "project", name: "demo", servers: ["local", "web", "dead"], prompt: "be kind" },
      { kind: "project", name: "other", servers: ["local"] },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("both servers are there", async () => (await w.isRunning("local")()) && (await w.isRunning("web")()));
});
afterAll(async () => {
  await w.close();
  await web.stop();
});

const names = async () =>
  ((await w.rpc(token, "tools/list")).json.result.tools as { name: string }[]).map(({ name }) => name);
const callText = async (name: string, args: object = {}) =>
  (await w.rpc(token, "tools/call", { name, arguments: args })).json.result.content[0].text as string;

describe("one namespace over all servers of the project", () => {
  test("tools show their server, and one dead server is told and takes nothing with it", async () => {
    expect(await names()).toEqual(expect.arrayContaining(["local__echo", "web__echo"]));
    const { _meta } = (await w.rpc(token, "tools/list")).json.result;
    expect(_meta["mcpctl/missing"]).toEqual([{ server: "dead", reason: 'server "dead": its program was not found' }]);
  });

  test("a call reaches its server, by exposed and by canonical name, odd names too", async () => {
    expect(await callText("local__echo", { text: "hi" })).toBe("hi");
    expect(await callText("web__echo", { text: "hi" })).toBe("hi");
    expect(await callText("local/echo", { text: "hi" })).toBe("hi");
    const odd = (await names()).find((name) => name.startsWith("local__odd_name_x_")) ?? "";
    expect(await callText(odd)).toBe("odd");
  });

  test("resources keep their URIs; one that two servers offer is told apart, and both can be read", async () => {
    const { resources } = (await w.rpc(token, "resources/list")).json.result;
    const uris = (resources as { uri: string }[]).map(({ uri }) => uri);
    expect(uris).toEqual([
      "fixture://local/one",
      "mcpctl://local/fixture%3A%2F%2Fshared",
      "fixture://web/one",
      "mcpctl://web/fixture%3A%2F%2Fshared",
    ]);
    const read = async (uri: string) => (await w.rpc(token, "resources/read", { uri })).json.result.contents[0].text;
    expect(await read("fixture://web/one")).toBe("web reads fixture://web/one");
    expect(await read("mcpctl://local/fixture%3A%2F%2Fshared")).toBe("local reads fixture://shared");
    expect(await read("fixture://web/by-id/7")).toBe("web reads fixture://web/by-id/7");
    const { code, message } = (await w.rpc(token, "resources/read", { uri: "other://x" })).json.error;
    expect([code, message]).toEqual([-32002, expect.stringContaining('(missing: server "dead": its program')]);
  });

  test("templates likewise, and what is made of them says of which server it is", async () => {
    const { resourceTemplates } = (await w.rpc(token, "resources/templates/list")).json.result;
    expect((resourceTemplates as { uriTemplate: string }[]).map(({ uriTemplate }) => uriTemplate)).toEqual([
      "fixture://local/by-id/{id}",
      "mcpctl://local/fixture://of-both/{id}",
      "fixture://web/by-id/{id}",
      "mcpctl://web/fixture://of-both/{id}",
    ]);
    const uri = "mcpctl://web/fixture://of-both/{id}";
    const made = uri.replace("{id}", encodeURIComponent("a/b"));
    const read = (await w.rpc(token, "resources/read", { uri: made })).json.result.contents[0].text;
    expect(read).toBe("web reads fixture://of-both/a%2Fb");
    const complete = { ref: { type: "ref/resource", uri }, argument: { name: "id", value: "" } };
    expect((await w.rpc(token, "completion/complete", complete)).json.result.completion.values).toEqual([
      "web completes",
    ]);
  });

  test("prompts likewise", async () => {
    const { prompts } = (await w.rpc(token, "prompts/list")).json.result;
    expect((prompts as { name: string }[]).map(({ name }) => name)).toEqual(["local__greet", "web__greet"]);
    const { messages } = (await w.rpc(token, "prompts/get", { name: "web__greet" })).json.result;
    expect(messages[0].content.text).toBe("hello from web");
  });
});

describe("faithful", () => {
  test("what a client sends is what the server gets, byte for byte, and nothing of the hop", async () => {
    const body = `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"arguments":{"big":9007199254740993,"z":-0, "e":1e400},"name":"web__echo","_meta":{"progressToken":1,"traceparent":"00-x"}}}`;
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      cookie: "a=b",
      "x-upstream-key": "mine",
    };
    await w.fetch(new Request(`${w.url}/mcp`, { method: "POST", headers, body }));
    const sent = web.requests.findLast(({ method }) => method === "tools/call");
    const { id } = JSON.parse(sent?.body ?? "{}") as { id: number };
    // The progress token is our own towards the server, as the id is: two clients may well use the same.
    expect(sent?.body).toContain(
      `"arguments":{"big":9007199254740993,"z":-0, "e":1e400},"name":"echo","_meta":{"traceparent":"00-x","progressToken":${id}}`,
    );
    expect(sent?.headers.get("authorization")).toBe("Bearer upstream-secret");
    expect([sent?.headers.get("cookie"), sent?.headers.get("x-upstream-key")]).toEqual([null, null]);
    expect(JSON.stringify(web.requests.map(({ body: b, headers: h }) => [b, ...h]))).not.toContain(token);
  });

  test("unknown fields of tools survive, ids come back as they were, a tool's failure is a result", async () => {
    const { tools } = (await w.rpc(token, "tools/list")).json.result;
    expect((tools as Record<string, unknown>[]).find(({ name }) => name === "local__echo")?.["x-unknown"]).toEqual({
      kept: 9,
    });
    const request = {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    };
    const answer = await w.fetch(
      new Request(`${w.url}/mcp`, { ...request, body: '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}' }),
    );
    expect(await answer.text()).toBe('{"jsonrpc":"2.0","id":9007199254740993,"result":{}}');
    expect((await w.rpc(token, "tools/call", { name: "local__fail" })).json.result.isError).toBe(true);
  });

  test("answers find their callers when everybody uses the same id", async () => {
    const calls = Array.from({ length: 60 }, async (_, n) => {
      const text = `marker-${n}`;
      return (await callText(n % 2 === 0 ? "local__echo" : "web__echo", { text })) === text;
    });
    expect((await Promise.all(calls)).every(Boolean)).toBe(true);
  });

  test("a big result arrives whole", async () => {
    expect((await callText("local__big", { kib: 2048 })).length).toBe(2048 * 1024);
  });
});

describe("both eras on one URL", () => {
  const envelope = { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} };
  const modern = async (method: string, params: Record<string, unknown> = {}, name?: string) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: envelope } });
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(name === undefined ? {} : { "mcp-name": name }),
    };
    const response = await w.fetch(new Request(`${w.url}/projects/demo/mcp`, { method: "POST", headers, body }));
    // biome-ignore lint/suspicious/noExplicitAny: an answer of any method.
    return { status: response.status, json: (await response.json()) as any };
  };

  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])(
    "initialize at %s is answered in kind",
    async (protocolVersion) => {
      const { result } = (
        await w.rpc(token, "initialize", { protocolVersion, capabilities: {}, clientInfo: { name: "t", version: "1" } })
      ).json;
      expect([result.protocolVersion, result.instructions, result.serverInfo.name]).toEqual([
        protocolVersion,
        "be kind",
        "demo",
      ]);
    },
  );

  test("a version we do not know gets the newest legacy one", async () => {
    expect((await w.rpc(token, "initialize", { protocolVersion: "2099-01-01" })).json.result.protocolVersion).toBe(
      "2025-11-25",
    );
  });

  test("modern: discover, list and call, with what such results must carry", async () => {
    const discovered = (await modern("server/discover")).json.result;
    expect(discovered).toMatchObject({ resultType: "complete", cacheScope: "private", instructions: "be kind" });
    expect(discovered.supportedVersions).toContain("2026-07-28");
    const listed = (await modern("tools/list")).json.result;
    expect(listed).toMatchObject({
      resultType: "complete",
      ttlMs: 0,
      cacheScope: "private",
      _meta: { [metaKeys.serverInfo]: { name: "demo" } },
    });
    const called = (await modern("tools/call", { name: "web__echo", arguments: { text: "hi" } }, "web__echo")).json
      .result;
    expect(called).toMatchObject({ resultType: "complete", content: [{ type: "text", text: "hi" }] });
    expect(called.ttlMs).toBeUndefined();
    const sent = web.requests.findLast(({ method }) => method === "tools/call");
    expect(sent?.body).not.toContain("io.modelcontextprotocol");
  });

  test("what the modern era dropped is 404 there, and the other way round -32601", async () => {
    for (const method of ["initialize", "ping", "logging/setLevel", "made/up"]) {
      const { status, json } = await modern(method);
      expect([status, json.error.code]).toEqual([404, -32601]);
    }
    const legacy = await w.rpc(token, "server/discover");
    expect([legacy.status, legacy.json.error.code]).toEqual([200, -32601]);
    expect((await modern("resources/read", { uri: "other://x" }, "other://x")).json.error.code).toBe(-32602);
  });

  test("notifications are taken, GET, HEAD and DELETE are 405 before anybody is asked who he is, slashes do not matter", async () => {
    const notified = await w.api("POST", "/mcp", { jsonrpc: "2.0", method: "notifications/initialized" }, token);
    expect([notified.status, notified.text]).toEqual([202, ""]);
    for (const method of ["GET", "HEAD", "DELETE", "PUT"])
      expect((await w.api(method, "/mcp", undefined, "")).status).toBe(405);
    expect((await w.rpc(token, "ping", {}, "/projects/demo/mcp/")).status).toBe(200);
  });
});

describe("who may", () => {
  const status = async (bearer: string, path = "/mcp") => (await w.rpc(bearer, "ping", {}, path)).status;

  test("no token, a malformed, an unknown, an expired and a revoked one get 401, without OAuth bait", async () => {
    const answer = await w.api("POST", "/mcp", {}, "");
    expect([answer.status, answer.headers.get("www-authenticate"), answer.json.code]).toEqual([
      401,
      'Basic realm="mcpctl"',
      "unauthenticated",
    ]);
    expect(answer.headers.get("www-authenticate")).not.toMatch(/bearer|resource_metadata/i);
    expect(await status(`${token}x`)).toBe(401);
    expect(await status(token.replace("pat", "ses"))).toBe(401);
    const { token: brief } = await w.must("POST", "/api/v1/mcptokens", { name: "brief", project: "demo", ttl: "1h" });
    expect(await status(brief)).toBe(200);
    w.advance(3_600_001);
    expect(await status(brief)).toBe(401);
    const { token: gone, id } = await w.must("POST", "/api/v1/mcptokens", { name: "gone", project: "demo" });
    expect(await status(gone)).toBe(200);
    await w.must("POST", `/api/v1/mcptokens/${id}/revoke`);
    expect(await status(gone)).toBe(401);
    expect((await w.rpc(gone, "ping")).json.detail).toBe("The token is revoked");
  });

  test("a token of another project gets 403, whether that one exists or not", async () => {
    expect(await status(token, "/projects/other/mcp")).toBe(403);
    expect(await status(token, "/projects/nowhere/mcp")).toBe(403);
    expect((await w.rpc(token, "ping", {}, "/projects/other/mcp")).json.detail).toBe(
      "This token is for another project",
    );
    expect(await status(token, "/projects/demo/mcp")).toBe(200);
  });

  test("a login needs the right to run the project, and a project", async () => {
    const eve = await w.userWith("eve", [{ role: "view", resource: "projects" }]);
    expect(await status(eve, "/projects/demo/mcp")).toBe(403);
    expect(await status(w.admin, "/projects/demo/mcp")).toBe(200);
    expect(await status(w.admin, "/projects/nowhere/mcp")).toBe(404);
    expect(await status(w.admin)).toBe(422);
  });

  test("the OAuth addresses that clients probe are plain 404s in JSON", async () => {
    for (const path of [
      "/.well-known/oauth-protected-resource",
      "/.well-known/oauth-authorization-server/mcp",
      "/.well-known/openid-configuration",
      "/register",
    ]) {
      const { status: code, json } = await w.api("GET", path, undefined, "");
      expect([code, json.code]).toEqual([404, "not_found"]);
    }
  });
});

describe("bad input, and nothing happens", () => {
  const post = async (body: string, headers: Record<string, string> = {}) =>
    await w.fetch(
      new Request(`${w.url}/mcp`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        body,
      }),
    );

  test("not JSON, a batch, too big, the wrong type, a foreign Host", async () => {
    const before = web.requests.length;
    expect((await post("{")).status).toBe(400);
    expect((await post('[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web__echo"}}]')).status).toBe(
      400,
    );
    expect(
      (await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "x", params: { a: "y".repeat(4 * 1024 * 1024) } })))
        .status,
    ).toBe(413);
    expect((await post("{}", { "content-type": "text/plain" })).status).toBe(415);
    expect((await post("{}", { host: "evil.test" })).status).toBe(403);
    expect((await post("{}", { origin: "http://evil.test" })).status).toBe(403);
    expect(web.requests.length).toBe(before);
  });

  test("an unknown tool, a call to a dead server, a cursor of somebody else's", async () => {
    const unknown = (await w.rpc(token, "tools/call", { name: "no__such" })).json.error;
    expect([unknown.code, unknown.message]).toEqual([-32602, expect.stringContaining('There is no tool "no__such"')]);
    expect((await w.rpc(token, "tools/list", { cursor: "x" })).json.error.code).toBe(-32602);
  });
});

test("a server that speaks only 2026-07-28 is spoken to so, for clients of either era", async () => {
  const strict = startOddServer({ era: "modern" });
  await w.must("POST", "/api/v1/servers", { name: "strict", url: strict.url });
  await w.must("POST", "/api/v1/projects", { name: "modern", servers: ["strict"] });
  const { token: mine } = await w.must("POST", "/api/v1/mcptokens", { name: "m", project: "modern" });
  const legacy = (await w.rpc(mine, "tools/call", { name: "strict__echo", arguments: { text: "hi" } })).json.result;
  expect(legacy).toMatchObject({ content: [{ type: "text", text: "hi" }] });
  expect(legacy).not.toHaveProperty("resultType");
  const odd = (await w.rpc(mine, "tools/list")).json.result.tools.find(({ name }: { name: string }) =>
    name.includes("odd"),
  );
  expect((await w.rpc(mine, "tools/call", { name: odd.name })).json.result.content[0].text).toBe("odd");
  const calls = strict.seen
    .filter(({ method }) => method === "tools/call")
    .map(({ headers }) => headers.get("mcp-name"));
  expect(calls).toEqual(["echo", "odd.name/x"]);
  await strict.stop();
});

test("a server that answers HTTP and no MCP, redirects, or stops in the middle, is told with what it did", async () => {
  const reasons: string[] = [];
  const answers = [
    () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    () => Response.redirect("http://127.0.0.1:1/mcp", 307),
    () => new Response('{"jsonrpc":"2.0","id":1,"resu', { headers: { "content-type": "application/json" } }),
  ];
  for (const [index, intercept] of answers.entries()) {
    const broken = startOddServer({ intercept });
    await w.must("POST", "/api/v1/servers", { name: `broken-${index}`, url: broken.url });
    await w.until(
      "it is known",
      async () => (await w.api("GET", `/api/v1/servers/broken-${index}`)).json.status.state === "ERROR",
    );
    reasons.push((await w.api("GET", `/api/v1/servers/broken-${index}`)).json.status.reason);
    await broken.stop();
  }
  expect(reasons[0]).toContain("the server answered HTTP 200 and no JSON-RPC");
  expect(reasons[1]).toContain("it redirects to another origin (http://127.0.0.1:1), which is not followed");
  expect(reasons[2]).toContain("no JSON-RPC");
});

test("a server that hangs costs the first who asks a short wait, and nobody else anything", async () => {
  const hung = startHttpServer({ name: "hung", hang: "initialize" });
  await w.must("POST", "/api/v1/servers", { name: "hung", url: hung.url });
  await w.must("POST", "/api/v1/projects", { name: "slow", servers: ["hung", "local"] });
  const { token: slow } = await w.must("POST", "/api/v1/mcptokens", { name: "s", project: "slow" });
  const listed = async (ms: number) => (await within(ms, w.rpc(slow, "tools/list")))?.json.result;
  const first = await listed(4_000);
  expect(first.tools.length).toBeGreaterThan(0);
  expect(first._meta["mcpctl/missing"]).toEqual([{ server: "hung", reason: 'server "hung" has not answered yet' }]);
  for (let i = 0; i < 5; i++) expect((await listed(1_000)).tools).toEqual(first.tools);
  await w.must("DELETE", "/api/v1/projects/slow");
  await w.must("DELETE", "/api/v1/servers/hung");
  await hung.stop();
});

describe("a server that changes", () => {
  test("a forgotten session is opened again and the call made once", async () => {
    web.forgetSessions();
    const before = web.requests.filter(({ method }) => method === "tools/call").length;
    expect(await callText("web__echo", { text: "again" })).toBe("again");
    const calls = web.requests.filter(({ method }) => method === "tools/call").length - before;
    expect(calls).toBe(2);
  });

  test("one that stops answering costs its own calls an error, and the list stays", async () => {
    web.behaviour.status = 500;
    const { error } = (await w.rpc(token, "tools/call", { name: "web__echo" })).json;
    expect(error.message).toContain('server "web": the server answered HTTP 500');
    expect(await names()).toContain("web__echo");
    w.advance(61_000);
    expect(await names()).toContain("web__echo");
    await w.until("its state says so", async () => !(await w.isRunning("web")()));
    expect((await w.must("GET", "/api/v1/servers/web")).status.reason).toContain("HTTP 500");
    delete web.behaviour.status;
    w.advance(11_000);
    expect(await names()).toContain("web__echo");
    await w.until("it is found again", w.isRunning("web"));
    expect(await callText("web__echo", { text: "back" })).toBe("back");
  });

  test("a process that is killed is started again", async () => {
    const [instance] = (await w.must("GET", "/api/v1/instances")).items.filter(
      (i: { server: string }) => i.server === "local",
    );
    process.kill(instance.pid, "SIGKILL");
    await w.until("it was noticed", async () => !(await w.isRunning("local")()));
    const { error } = (await w.rpc(token, "tools/call", { name: "local__echo" })).json;
    expect(error.message).toContain('server "local": ');
    expect(await names()).toContain("local__echo");
    await w.until("it runs again", w.isRunning("local"));
    expect(await callText("local__echo", { text: "back" })).toBe("back");
  });

  test("a project that loses a server loses its tools at the next list", async () => {
    await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["web"] });
    expect((await names()).some((name) => name.startsWith("local__"))).toBe(false);
    expect((await w.rpc(token, "tools/call", { name: "local__echo" })).json.error.code).toBe(-32602);
  });
});
