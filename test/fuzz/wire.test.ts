import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dice, diceOf, seed } from "../rbac/properties/settings.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";
import { wrongOfWire } from "./difference.ts";
import { headersOf, messageFrom } from "./messages.ts";
import { pairFrom } from "./pairs.ts";
import { type Node, read } from "./reader.ts";
import { startRecorder } from "./recorder.ts";

/** Through the whole gateway, to a server of each kind: a tenth of what the judge alone is sent. */
const runs = Math.ceil(Number(process.env["RUNS"] ?? 2_000) / 10);

let w: World;
let token: string;
let tape: string;
const old = startHttpServer({ name: "old" });
const up = startRecorder();

beforeAll(async () => {
  w = await world();
  tape = join(w.home, "tape");
  writeFileSync(tape, "");
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "line", command: fixture("--name", "line", "--tape", tape) },
      { kind: "server", name: "old", url: old.url },
      { kind: "server", name: "up", url: up.url },
      { kind: "project", name: "demo", servers: ["line", "old", "up"] },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("all are there", async () =>
    (await Promise.all(["line", "old", "up"].map((name) => w.isRunning(name)()))).every(Boolean),
  );
  const { tools } = (await w.rpc(token, "tools/list")).json.result;
  expect((tools as { name: string }[]).map(({ name }) => name)).toEqual(
    expect.arrayContaining(["line__echo", "old__echo", "up__echo"]),
  );
});
afterAll(async () => {
  await w.close();
  await Promise.all([old.stop(), up.stop()]);
});

/** What each server has got since it was last asked, but for what the gateway asks of its own accord. */
const own =
  /"method":"(initialize|ping|server\/discover|subscriptions\/listen|notifications\/[a-z]+|(tools|prompts|resources|resources\/templates)\/list)"/;
const taken = { old: 0, up: 0 };
function arrived(): string[] {
  // On stdio U+2028 goes as an escape, since some readers end a line at it.
  const lines = readFileSync(tape, "utf8").replaceAll("\\u2028", "\u2028").split("\n").slice(0, -1);
  writeFileSync(tape, "");
  const news = [...lines, ...old.requests.slice(taken.old).map(({ body }) => body), ...up.bodies.slice(taken.up)];
  Object.assign(taken, { old: old.requests.length, up: up.bodies.length });
  return news.filter((text) => !own.test(text));
}

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const given = { ...headers, authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await w.fetch(new Request(`${w.url}/projects/demo/mcp`, { method: "POST", headers: given, body }));
  return { status: response.status, text: await response.text() };
}

/** A message to one of the three servers. */
function aimed(dice: Dice): string {
  const server = dice.pick(["line", "old", "up"]);
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

test("a modern request whose headers say something else is 400 and reaches no server, all others get through", async () => {
  arrived();
  let [refused, reached] = [0, 0];
  for (let n = 0; n < runs; n++) {
    const { body, headers: given, matches, how } = pairFrom(diceOf(seed + n));
    const headers = new Headers(
      Object.entries({ authorization: `Bearer ${token}`, "content-type": "application/json" }),
    );
    for (const [name, value] of given) headers.append(name, value);
    const response = await w.fetch(new Request(`${w.url}/projects/demo/mcp`, { method: "POST", headers, body }));
    const { error } = (await response.json()) as { error?: { code: number } };
    const wire = arrived();
    const at = `SEED=${seed}, pair ${n}, ${how}: ${response.status} ${error?.code}\n${body}\n${JSON.stringify(given)}`;
    if (matches === (response.status === 400 || error?.code === -32020)) throw new Error(at);
    if (!matches && wire.length > 0) throw new Error(`it reached a server: ${at}`);
    if (matches) reached += wire.length;
    else refused++;
  }
  expect(refused).toBeGreaterThan(runs / 10);
  expect(reached).toBeGreaterThan(runs / 100);
}, 300_000);
