import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dice, diceOf, seed } from "../rbac/properties/settings.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";
import { wrongOfWire } from "./difference.ts";
import { headersOf, messageFrom } from "./messages.ts";
import { type Node, read } from "./reader.ts";
import { startRecorder } from "./recorder.ts";

/** Through the whole gateway, to a server of each kind: a fifth of what the judge alone is sent. */
const runs = Math.ceil(Number(process.env["RUNS"] ?? 2_000) / 5);

let w: World;
let token: string;
let tape: string;
const old = startHttpServer({ name: "old" });
const fresh = startRecorder();

beforeAll(async () => {
  w = await world();
  tape = join(w.home, "tape");
  writeFileSync(tape, "");
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "line", command: fixture("--name", "line", "--tape", tape) },
      { kind: "server", name: "old", url: old.url },
      { kind: "server", name: "fresh", url: fresh.url },
      { kind: "project", name: "demo", servers: ["line", "old", "fresh"] },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("all are there", async () =>
    (await Promise.all(["line", "old", "fresh"].map((name) => w.isRunning(name)()))).every(Boolean),
  );
  const { tools } = (await w.rpc(token, "tools/list")).json.result;
  expect((tools as { name: string }[]).map(({ name }) => name)).toEqual(
    expect.arrayContaining(["line__echo", "old__echo", "fresh__echo"]),
  );
});
afterAll(async () => {
  await w.close();
  await Promise.all([old.stop(), fresh.stop()]);
});

/** What each server has got since it was last asked, but for what the gateway asks of its own accord. */
const own =
  /"method":"(initialize|ping|server\/discover|subscriptions\/listen|notifications\/[a-z]+|(tools|prompts|resources|resources\/templates)\/list)"/;
const taken = { tape: 0, old: 0, fresh: 0 };
function arrived(): string[] {
  const lines = readFileSync(tape, "utf8").split("\n").slice(0, -1);
  const news = [
    ...lines.slice(taken.tape),
    ...old.requests.slice(taken.old).map(({ body }) => body),
    ...fresh.bodies.slice(taken.fresh),
  ];
  Object.assign(taken, { tape: lines.length, old: old.requests.length, fresh: fresh.bodies.length });
  return news.filter((text) => !own.test(text));
}

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const given = { ...headers, authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await w.fetch(new Request(`${w.url}/projects/demo/mcp`, { method: "POST", headers: given, body }));
  return { status: response.status, text: await response.text() };
}

/** A message to one of the three servers. */
function aimed(dice: Dice): string {
  const server = dice.pick(["line", "old", "fresh"]);
  return messageFrom(dice).replaceAll("up__", `${server}__`).replaceAll("up/", `${server}/`);
}

test("what arrives at a server of any kind is what was judged, and nothing answers 500", async () => {
  arrived();
  let forwarded = 0;
  for (let n = 0; n < runs; n++) {
    const text = aimed(diceOf(seed + n));
    const at = `SEED=${seed}, message ${n}: ${JSON.stringify(text.slice(0, 500))}`;
    const { status } = await send(text, headersOf(text));
    if (status >= 500) throw new Error(`${status}: ${at}`);
    const wire = arrived();
    if (wire.length === 0) continue;
    forwarded++;
    let original: Node;
    try {
      original = read(text);
    } catch {
      throw new Error(`what is not JSON was forwarded: ${at}`);
    }
    const wrong = wire.length > 1 ? "it arrived more than once" : wrongOfWire(original, wire[0] ?? "", true);
    if (wrong !== undefined) throw new Error(`${wrong}: ${at}\n${JSON.stringify(wire)}`);
  }
  expect(forwarded).toBeGreaterThan(runs / 20);
}, 300_000);

test("a message among the arguments stays there, on whatever line it stands", async () => {
  arrived();
  for (const end of ["\n", "\r", "\r\n", "\n\n"]) {
    const inner = '{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"env","arguments":{"name":"HOME"}}}';
    const params = `{"name":"line__echo","arguments":{"text":"hi","x":${end}${inner}${end}}}`;
    const { text } = await send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
    expect(text).toContain('"text":"hi"');
    expect(arrived().map((line) => JSON.parse(line).params.name)).toEqual(["echo"]);
  }
});

test("bytes that are not UTF-8 are refused, whatever they would make", async () => {
  arrived();
  const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"line__echo","arguments":{"text":"?"}}}';
  const wrongs = [[0xff], [0xc0, 0x80], [0xc1, 0xae], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]];
  for (const wrong of wrongs) {
    const [before = "", after = ""] = call.split("?");
    const bytes = Buffer.concat([Buffer.from(before), Buffer.from(wrong), Buffer.from(after)]);
    expect((await send(new Uint8Array(bytes))).status).toBe(400);
  }
  for (const encoding of ["utf16le", "latin1"] as const)
    expect((await send(new Uint8Array(Buffer.from(call.replace("?", "é"), encoding)))).status).toBe(400);
  expect(arrived()).toEqual([]);
});
