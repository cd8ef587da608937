import { isObject } from "../../../lib/object.ts";
import { unseenIn } from "../../../lib/unseen.ts";
import { sleep } from "../../../lib/wait.ts";
import { type Message, torn } from "../exchange.ts";
import { NotHere, type Tried, tried } from "../row.ts";
import type { Probe } from "./probe.ts";

const most = { name: 128, description: 16 * 1024, baited: 5 } as const;

/** What tools say and do, and what answers let slip; heard of all that the other probes provoked. */
export const contents: readonly Probe[] = [
  { id: "MCP-SEC-027", sends: "tools/list", over: "any", tried: ofTools(hiddenIn) },
  { id: "MCP-SEC-028", sends: "tools/list", over: "any", tried: ofTools(orderIn) },
  { id: "MCP-SEC-029", sends: "tools/list", over: "any", tried: ofTools(excessIn) },
  {
    id: "MCP-SEC-024",
    sends: "only with --ssrf-listen: tools/call of up to five tools that take an address, with that of our listener",
    over: "any",
    tried: tried(
      async (speaker, { bait, tools }) => {
        if (bait === undefined) return new NotHere("it takes --ssrf-listen");
        const baited = tools.flatMap((tool) => lureFor(tool, bait.url)).slice(0, most.baited);
        if (baited.length === 0) return new NotHere("no tool takes an address");
        for (const { name, args } of baited) await speaker.request("tools/call", { name, arguments: args });
        await sleep(lingerMs);
        return bait.visits();
      },
      (visits) => (visits.length === 0 ? undefined : `it came to our listener: ${visits.join(", ")}`),
    ),
  },
  {
    id: "MCP-SEC-026",
    sends: "a body that breaks off, and a request whose parameters are a text",
    over: "any",
    tried: tried(
      async (speaker, { over, wire, heard }) => {
        const headers = speaker.headers("tools/list");
        if (over === "http") await wire.send({ headers, body: torn });
        const message = { ...speaker.message("tools/list"), params: "mcpctl" };
        if (over === "http") await wire.send({ headers, body: JSON.stringify(message) });
        await speaker.request("tools/call", { name: 7, arguments: "mcpctl" });
        return heard.trace;
      },
      (trace) => trace,
    ),
  },
  {
    id: "MCP-SEC-025",
    sends: "nothing of its own: it listens to the answers to all of this",
    over: "http",
    tried: tried(
      async (_speaker, { heard }) => heard.echo,
      (echo) => echo,
    ),
  },
];

const lingerMs = 300;

function ofTools(look: (tool: Message) => string | undefined): Tried {
  return tried(
    async (_speaker, { tools }) => (tools.length === 0 ? new NotHere("it has no tools") : tools),
    (tools) => tools.map(look).find((said) => said !== undefined),
  );
}

/** All texts of a tool that a model reads. */
function textsOf(value: unknown, depth = 0): string[] {
  if (typeof value === "string") return [value];
  if (depth > 20 || typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner, depth + 1)]);
}

const nameOf = ({ name }: Message): string => String(name).slice(0, 64);

export function hiddenIn(tool: Message): string | undefined {
  const found = new Set(textsOf(tool).flatMap((text) => [...unseenIn(text)]));
  return found.size === 0 ? undefined : `${nameOf(tool)}: ${[...found].sort().slice(0, 8).join(", ")}`;
}

/** Orders that no description of a tool has a reason for. Bounded repetitions: the text is a stranger's. */
const orders = [
  /\b(ignore|disregard|forget)\b.{0,40}\b(previous|prior|earlier|other|all)\b.{0,40}\b(instruction|prompt|message|rule)s?\b/i,
  /\b(do not|don't|never)\b.{0,30}\b(tell|mention|inform|show|reveal)\b.{0,40}\buser\b/i,
  /<\s*(important|system|secret|instructions?)\s*>/i,
  /\b(read|open|send|include|pass)\b.{0,60}(~\/\.ssh|id_rsa|\.env\b|\.aws\/credentials|mcp\.json|\/etc\/passwd)/i,
  /\bbefore\b.{0,40}\b(using|calling)\b.{0,40}\bany other tool\b/i,
] as const;

export function orderIn(tool: Message): string | undefined {
  for (const text of textsOf(tool)) {
    const found = orders.map((order) => order.exec(text.slice(0, most.description))?.[0]).find(Boolean);
    if (found !== undefined) return `${nameOf(tool)}: "${found.slice(0, 120)}"`;
  }
  return undefined;
}

export function excessIn(tool: Message): string | undefined {
  const [name, description] = [String(tool["name"]), String(tool["description"] ?? "")];
  if (name.length > most.name) return `${nameOf(tool)}…: a name of ${name.length} characters`;
  if (description.length <= most.description) return undefined;
  return `${nameOf(tool)}: a description of ${description.length} characters`;
}

const addressed = /(^|_|-)(url|uri|href|link|endpoint|webhook|callback|address|source)s?$|(Url|Uri|URL|URI|Endpoint)$/;

/** Arguments that lead a tool to our listener: every address is ours, and whatever else it demands has some value of its type. */
export function lureFor({ name, inputSchema }: Message, url: string): { name: string; args: Message }[] {
  const schema = isObject(inputSchema) ? inputSchema : {};
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const isAddress = ([key, property]: [string, unknown]) =>
    isObject(property) && property["type"] === "string" && (addressed.test(key) || property["format"] === "uri");
  const lures = Object.entries(properties).filter(isAddress);
  if (lures.length === 0 || typeof name !== "string") return [];
  const rest = Object.entries(properties).filter(([key]) => required.includes(key));
  const filled = rest.map(([key, property]) => [key, somethingFor(isObject(property) ? property : {})]);
  return [{ name, args: Object.fromEntries([...filled, ...lures.map(([key]) => [key, url])]) }];
}

function somethingFor({ type, enum: known, default: usual }: Message): unknown {
  if (usual !== undefined) return usual;
  if (Array.isArray(known)) return known[0];
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return false;
  if (type === "array") return [];
  return type === "object" ? {} : "x";
}
