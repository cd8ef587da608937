import { afterAll, expect, test } from "bun:test";
import { Ending } from "../../../src/lib/ending.ts";
import { openHttp } from "../../../src/mcp/upstream/negotiate.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { startHttpServer } from "../../servers/http-server.ts";

const server = startHttpServer();
afterAll(() => server.stop());

test.each(["the caller goes away", "the time is up"])(
  "when %s, a server reached by url is told which call",
  async (why) => {
    const upstream = await openHttp({ url: server.url, headers: {} }, "legacy", undefined, {
      limits: serverLimitsOf({}),
      abilities: {},
      onNotification: () => {},
    });
    const before = server.requests.length;
    const params = '{"name":"slow","arguments":{"ms":2000}}';
    const options = why === "the time is up" ? { timeoutMs: 30 } : { ending: Ending.of(AbortSignal.timeout(30)) };
    await expect(upstream.request("tools/call", params, options)).rejects.toThrow();
    await Bun.sleep(100);
    const [call, told] = server.requests.slice(before).map(({ method, body }) => ({ method, ...JSON.parse(body) }));
    expect([call.method, told?.method, told?.params.requestId]).toEqual([
      "tools/call",
      "notifications/cancelled",
      call.id,
    ]);
    upstream.close();
  },
);
