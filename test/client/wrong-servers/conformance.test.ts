import { expect, test } from "bun:test";
import { survey } from "../../../src/client/validator/ground.ts";
import { requirements } from "../../../src/client/validator/requirements.ts";
import { runSuite } from "../../../src/client/validator/suites.ts";
import { httpWay } from "../../../src/client/validator/way.ts";
import { isObject } from "../../../src/lib/object.ts";
import { type Break, rightToken, type Seen, startWrongServer } from "./server.ts";

type Message = Record<string, unknown>;

const says = (seen: Seen, over: Message, status = 200, headers = {}): Response =>
  Response.json({ jsonrpc: "2.0", id: seen.message["id"] ?? null, ...over }, { status, headers });
const error = (code: number): Message => ({ error: { code, message: "no" } });
const served = (seen: Seen): Response => says(seen, { result: { resultType: "complete" } });

const isOf =
  (method: string, isModern?: boolean) =>
  (seen: Seen): boolean =>
    seen.message["method"] === method && (isModern === undefined || seen.isModern === isModern);
const paramsOf = ({ message }: Seen): Message => (isObject(message["params"]) ? message["params"] : {});
const metaOf = (seen: Seen): Message => paramsOf(seen)["_meta"] as Message;
const isHarmless = (seen: Seen): boolean => isOf("ping", false)(seen) || isOf("server/discover")(seen);

const when =
  (is: (seen: Seen) => boolean, say: (seen: Seen) => Response): Break =>
  (seen) =>
    is(seen) ? say(seen) : undefined;

/** The right answer with something of its result put differently. */
const altered =
  (is: (seen: Seen) => boolean, alter: (result: Message) => Message): Break =>
  async (seen, good) => {
    if (!is(seen)) return undefined;
    const response = await good();
    const body = (await response.json()) as { result?: Message };
    const result = body.result === undefined ? {} : { result: alter(body.result) };
    return Response.json({ ...body, ...result }, { status: response.status, headers: sessionOf(response) });
  };
const sessionOf = ({ headers }: Response): Record<string, string> => {
  const session = headers.get("mcp-session-id");
  return session === null ? {} : { "mcp-session-id": session };
};
const opens = (seen: Seen): boolean => isOf("initialize")(seen) || isOf("server/discover")(seen);
const withCapability = (name: string): Break =>
  altered(opens, (result) => ({ ...result, capabilities: { tools: {}, [name]: {} } }));
const without = (key: string) => (result: Message) =>
  Object.fromEntries(Object.entries(result).filter(([k]) => k !== key));
const noSuch = isOf("mcpctl/no-such-method");
const callsNoTool = (seen: Seen): boolean => isOf("tools/call")(seen) && paramsOf(seen)["name"] !== undefined;
const isNotification = (seen: Seen): boolean => seen.message["method"] !== undefined && !("id" in seen.message);
const anotherTime = () => {
  let times = 0;
  return () => times++ > 0;
};

/** For each requirement a server that does not keep it; `also` is what cannot be kept then either. */
const broken: Record<string, { break: Break[]; also?: string[] }> = {
  "001": {
    break: [
      when(
        (seen) => seen.message["id"] === 0 && isHarmless(seen),
        (seen) => says(seen, { id: 1, result: {} }),
      ),
    ],
  },
  "002": { break: [when(noSuch, (seen) => says(seen, error(-32600), 404))], also: ["213"] },
  "003": { break: [when(noSuch, (seen) => says(seen, { error: { code: -32601, message: 7 } }, 404))] },
  "004": {
    break: [
      async (seen, good) => {
        if (!isHarmless(seen) || seen.message["id"] !== 1) return undefined;
        const response = await good();
        const text = (await response.text()).replace('"jsonrpc":"2.0"', '"jsonrpc":"1.0"');
        return new Response(text, response);
      },
    ],
  },
  "005": { break: [when((seen) => seen.message["id"] === null, served)] },
  "006": { break: [when((seen) => seen.message["jsonrpc"] === "1.0", served)] },
  "007": {
    break: [
      when(
        ({ body }) => body.endsWith(","),
        () => new Response("fine"),
      ),
    ],
  },
  "008": {
    break: [
      when(
        (seen) => paramsOf(seen)["cursor"] !== undefined,
        (seen) => says(seen, { result: { tools: [] } }),
      ),
    ],
  },
  "009": {
    break: [
      altered(
        (seen) => isOf("tools/list")(seen) && paramsOf(seen)["cursor"] === undefined,
        (result) => ({ ...result, tools: [{}] }),
      ),
    ],
  },
  "010": { break: [when(callsNoTool, (seen) => says(seen, { result: { content: [] } }))], also: ["011", "211"] },
  "011": {
    break: [when(callsNoTool, (seen) => says(seen, { result: { isError: true, content: [] } }))],
    also: ["211"],
  },
  "012": { break: [when((seen) => isOf("tools/call")(seen) && !callsNoTool(seen), served)] },
  "013": { break: [withCapability("resources"), when(isOf("resources/read"), (seen) => says(seen, error(-32000)))] },
  "014": { break: [withCapability("prompts"), when(isOf("prompts/get"), (seen) => says(seen, error(-32000)))] },
  "015": { break: [when(isNotification, () => new Response("thanks", { status: 202 }))] },
  "016": {
    break: [
      async (seen, good) => {
        if (!isHarmless(seen) || seen.message["id"] !== 1) return undefined;
        const response = await good();
        return response.status === 200
          ? new Response(await response.text(), { headers: { "content-type": "text/json" } })
          : response;
      },
    ],
  },
  "017": { break: [when(({ headers }) => headers.get("accept") === "image/png", served)] },
  "018": { break: [when(({ headers }) => headers.get("content-type") === "text/plain", served)] },
  "019": { break: [when(({ body }) => body.startsWith("["), served)] },
  "020": { break: [withCapability("logging"), when(isOf("logging/setLevel"), served)] },
  "021": { break: [altered(isOf("initialize"), (result) => ({ ...result, serverInfo: { name: "wrong" } }))] },
  "022": {
    break: [
      when(
        ({ headers }) => headers.get("authorization") === null,
        () => new Response("", { status: 401 }),
      ),
    ],
  },
  "101": { break: [altered(isOf("initialize"), without("capabilities"))] },
  "102": {
    break: [
      when(
        (seen) => paramsOf(seen)["protocolVersion"] === "1999-01-01",
        (seen) => says(seen, error(-32602)),
      ),
    ],
  },
  "103": {
    break: [
      ((isAgain) =>
        altered(
          (seen) => isOf("initialize")(seen) && isAgain(),
          (result) => ({ ...result, protocolVersion: "2025-03-26" }),
        ))(anotherTime()),
    ],
  },
  "104": {
    break: [
      when(
        (seen) =>
          isOf("ping", false)(seen) &&
          seen.headers.has("mcp-session-id") &&
          seen.message["id"] === 1 &&
          seen.headers.get("accept") !== "image/png" &&
          seen.headers.get("content-type") !== "text/plain" &&
          seen.headers.has("authorization") &&
          seen.headers.get("mcp-protocol-version") === "2025-11-25" &&
          seen.message["jsonrpc"] === "2.0",
        (seen) => says(seen, { result: { pong: true } }),
      ),
    ],
    also: ["110", "112"],
  },
  "105": {
    break: [
      when(
        (seen) => "result" in seen.message,
        () => new Response("thanks"),
      ),
    ],
  },
  "106": {
    break: [
      when(
        ({ verb }) => verb === "GET",
        () => new Response("hello"),
      ),
    ],
  },
  "107": { break: [when(({ headers }) => headers.get("mcp-protocol-version") === "1999-01-01", served)] },
  "108": {
    break: [
      when(
        (seen) => isOf("ping", false)(seen) && !seen.headers.has("mcp-protocol-version"),
        (seen) => says(seen, error(-32000), 400),
      ),
    ],
  },
  "109": {
    break: [
      async (seen, good) => {
        if (!isOf("initialize")(seen)) return undefined;
        const response = await good();
        return new Response(await response.text(), {
          headers: { "content-type": "application/json", "mcp-session-id": "two words" },
        });
      },
    ],
    also: ["*"],
  },
  "110": {
    break: [
      async (seen, good) => {
        if (!seen.headers.has("mcp-session-id")) return undefined;
        const response = await good();
        return response.status === 404 && !seen.isModern ? says(seen, error(-32000), 400) : response;
      },
    ],
    also: ["112"],
  },
  "111": { break: [when((seen) => isOf("ping", false)(seen) && !seen.headers.has("mcp-session-id"), served)] },
  "112": {
    break: [
      when(
        ({ verb }) => verb === "DELETE",
        () => new Response(""),
      ),
    ],
  },
  "113": { break: [when((seen) => isOf("initialize")(seen) && paramsOf(seen)["capabilities"] === undefined, served)] },
  "114": { break: [altered(isOf("initialize"), (result) => ({ ...result, protocolVersion: "2025-06-18" }))], also: [] },
  "201": { break: [altered(isOf("server/discover"), (result) => ({ ...result, capabilities: 7 }))] },
  "202": { break: [altered(isOf("server/discover"), without("resultType"))] },
  "203": { break: [altered(isOf("server/discover"), (result) => ({ ...result, ttlMs: -1 }))] },
  "204": { break: [altered(isOf("server/discover"), without("_meta"))] },
  "205": { break: [when((seen) => seen.isModern && Object.keys(metaOf(seen)).length === 1, served)] },
  "206": {
    break: [
      when(
        (seen) => seen.isModern && Object.keys(metaOf(seen)).length === 2,
        (seen) => says(seen, error(-32602), 400),
      ),
    ],
  },
  "207": {
    break: [
      when(
        ({ headers }) => headers.get("mcp-protocol-version") === "2099-01-01",
        (seen) => says(seen, { error: { code: -32022, message: "no", data: { supported: ["2026-07-28"] } } }, 400),
      ),
    ],
  },
  "208": {
    break: [when((seen) => seen.isModern && seen.headers.get("mcp-protocol-version") === "2025-11-25", served)],
  },
  "209": { break: [when((seen) => seen.isModern && !seen.headers.has("mcp-method"), served)] },
  "210": {
    break: [when((seen) => isOf("server/discover")(seen) && seen.headers.get("mcp-method") === "tools/list", served)],
  },
  "211": {
    break: [
      when(
        ({ headers }) => headers.get("mcp-name") === "mcpctl_another_tool",
        (seen) => says(seen, error(-32602)),
      ),
    ],
  },
  "212": {
    break: [
      when(
        ({ headers }) => headers.get("mcp-name")?.startsWith("=?") === true,
        (seen) => says(seen, error(-32020), 400),
      ),
    ],
  },
  "213": {
    break: [
      when(
        (seen) => noSuch(seen) && seen.isModern,
        (seen) => says(seen, error(-32601), 200),
      ),
    ],
  },
  "214": { break: [when(isOf("ping", true), served)] },
  "215": {
    break: [
      async (seen, good) => {
        if (!isOf("server/discover")(seen)) return undefined;
        const response = await good();
        response.headers.set("mcp-session-id", "one");
        return response;
      },
    ],
  },
};

async function unkeptBy(breaks: readonly Break[]): Promise<{ failed: string[]; skipped: string[] }> {
  const server = startWrongServer([], breaks);
  const way = httpWay({ url: server.url, token: rightToken, headers: {} }, 5_000);
  try {
    const speakers = await survey(way.wire, "auto");
    const ground = { ...way, speakers, tools: [], isGuarded: true, otherCredential: undefined };
    const { results } = await runSuite("conformance", ground, () => {});
    const idsOf = (...outcomes: string[]) => [
      ...new Set(results.filter(({ outcome }) => outcomes.includes(outcome)).map(({ id }) => id.slice(-3))),
    ];
    return { failed: idsOf("failed", "warned"), skipped: idsOf("skipped") };
  } finally {
    await way.close();
    await server.stop();
  }
}

test("a sound server keeps them all", async () => {
  const { failed, skipped } = await unkeptBy([]);
  expect(failed).toEqual([]);
  // It has none of that.
  expect(skipped).toEqual(["013", "014", "020"]);
});

test.each(Object.keys(broken))("a server that breaks MCP-CON-%s, and that alone, is caught", async (id) => {
  const { break: breaks = [], also = [] } = broken[id] ?? {};
  const { failed } = await unkeptBy(breaks);
  expect(failed).toContain(id);
  if (!also.includes("*")) expect(failed.toSorted()).toEqual([id, ...also].toSorted());
});

test("each requirement has a server that breaks it", () => {
  expect(Object.keys(broken).toSorted()).toEqual(requirements.map(({ id }) => id.slice(-3)).toSorted());
});
