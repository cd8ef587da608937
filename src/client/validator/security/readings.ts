import { type Exchange, inShort } from "../exchange.ts";
import { harmless, isServed, speakerIn } from "../ground.ts";
import { NotHere, tried } from "../row.ts";
import type { Speaker, Wire } from "../speaker.ts";
import type { Probe } from "./probe.ts";

const mebibyte = 1024 * 1024;
const depth = 20_000;
const smuggled = "mcpctl-probe-smuggled";

/** Messages that two readers understand in two ways, or that ask too much of one. */
export const readings: readonly Probe[] = [
  {
    id: "MCP-SEC-017",
    sends: "server/discover with Mcp-Method: tools/list",
    over: "http",
    tried: tried(
      async (_speaker, ground) => {
        const speaker = speakerIn(ground, "modern");
        if (speaker === undefined) return new NotHere("it does not speak the modern era");
        return await speaker.request("server/discover", undefined, { headers: { "mcp-method": "tools/list" } });
      },
      (answer) => (isServed(answer) ? inShort(answer) : undefined),
    ),
  },
  {
    id: "MCP-SEC-018",
    sends: "a harmless request in which the key method stands twice, in both orders",
    over: "http",
    tried: tried(
      (speaker, { wire }) =>
        written(speaker, wire, (method) => [
          `"method":${JSON.stringify(method)},"method":"mcpctl/none"`,
          `"method":"mcpctl/none","method":${JSON.stringify(method)}`,
        ]),
      firstServed,
    ),
  },
  {
    id: "MCP-SEC-019",
    sends: "a harmless request whose key is Method, and one whose key is METHOD",
    over: "http",
    tried: tried(
      (speaker, { wire }) =>
        written(speaker, wire, (method) => ["Method", "METHOD"].map((key) => `"${key}":${JSON.stringify(method)}`)),
      firstServed,
    ),
  },
  {
    id: "MCP-SEC-020",
    sends: "an array of two harmless requests",
    over: "http",
    tried: tried(async (speaker, { wire }) => {
      if (speaker.era === "legacy" && speaker.version < "2025-06-18")
        return new NotHere(`${speaker.version} knows batches`);
      const [method, params] = harmless(speaker);
      const body = JSON.stringify([speaker.message(method, params, 1), speaker.message(method, params, 2)]);
      return [await wire.send({ headers: speaker.headers(method), body })];
    }, firstServed),
  },
  {
    id: "MCP-SEC-021",
    sends: "a harmless request of 8 MiB",
    over: "http",
    tried: tried(async (speaker) => {
      const [method, params] = harmless(speaker);
      const padding = "x".repeat(8 * mebibyte);
      return [await speaker.request(method, { ...params, _meta: { "mcpctl/padding": padding } })];
    }, firstServed),
  },
  {
    id: "MCP-SEC-022",
    sends: `a harmless request nested ${depth} levels deep, then a plain one`,
    over: "http",
    tried: tried(
      async (speaker, { wire }) => {
        const [method, params] = harmless(speaker);
        const body = JSON.stringify(speaker.message(method, { ...params, deep: 0 }));
        const nested = body.replace('"deep":0', `"deep":${"[".repeat(depth)}${"]".repeat(depth)}`);
        const deep = await wire.send({ headers: speaker.headers(method), body: nested });
        return { deep, after: await speaker.request(method, params) };
      },
      ({ deep, after }) => {
        if (!isServed(after)) return `it does not answer any more: ${inShort(after)}`;
        return deep.status === 0 || deep.status >= 500 ? inShort(deep) : undefined;
      },
    ),
  },
  {
    id: "MCP-SEC-023",
    sends: "a harmless request whose id holds line breaks and the text of an event",
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { id: injected }),
      ({ messages, text }) =>
        messages.some(({ id }) => id === smuggled) || text.includes(`\n${smuggled}: `)
          ? "the text in the id came as an event of its own"
          : undefined,
    ),
  },
];

const event = JSON.stringify({ jsonrpc: "2.0", id: smuggled, result: {} });
const injected = `x\n\ndata: ${event}\n\nevent: ${smuggled}\ndata: y\n\n`;

function firstServed(answers: readonly Exchange[]): string | undefined {
  const one = answers.find(isServed);
  return one && inShort(one);
}

/** A harmless request whose keys are written by hand: an object could not hold them. */
async function written(speaker: Speaker, wire: Wire, methods: (method: string) => string[]): Promise<Exchange[]> {
  const [method, params] = harmless(speaker);
  const { method: _, ...message } = speaker.message(method, params);
  const answers: Exchange[] = [];
  for (const keys of methods(method)) {
    const body = `{${keys},${JSON.stringify(message).slice(1)}`;
    answers.push(await wire.send({ headers: speaker.headers(method), body }));
  }
  return answers;
}
