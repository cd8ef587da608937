import { type Exchange, errorOf, inShort, torn, withCode } from "../exchange.ts";
import { harmless, isServed } from "../ground.ts";
import { type Requirement, tried } from "../row.ts";
import { clientInfo } from "../speaker.ts";

const both = ["legacy", "modern"] as const;
const base = "2025-11-25 basic, 2026-07-28 basic";

/** What holds for JSON-RPC messages in both eras. */
export const messages: readonly Requirement[] = [
  {
    id: "MCP-CON-001",
    level: "MUST",
    source: `${base} §Responses`,
    text: "An answer has its request's id, whatever kind of id that is",
    sends: "harmless requests with the ids 0, 9007199254740991 and a text",
    eras: both,
    over: "any",
    tried: tried(
      async (speaker) => {
        const [method, params] = harmless(speaker);
        const answers: { id: unknown; answer: Exchange }[] = [];
        for (const id of ids) answers.push({ id, answer: await speaker.request(method, params, { id }) });
        return answers;
      },
      (answers) => {
        const wrong = answers.find(({ id, answer }) => !answer.messages.some((message) => message["id"] === id));
        return wrong && `to the request ${JSON.stringify(wrong.id)}: ${inShort(wrong.answer)}`;
      },
    ),
  },
  {
    id: "MCP-CON-002",
    level: "MUST",
    source: `${base} §Responses`,
    text: "An unknown method is refused with -32601",
    sends: "a request of a method that does not exist",
    eras: both,
    over: "any",
    tried: tried((speaker) => speaker.request("mcpctl/no-such-method"), withCode(-32601)),
  },
  {
    id: "MCP-CON-003",
    level: "MUST",
    source: `${base} §Responses`,
    text: "An error has an integer for a code and words for a message",
    sends: "a request of a method that does not exist",
    eras: both,
    over: "any",
    tried: tried(
      (speaker) => speaker.request("mcpctl/no-such-method"),
      (answer) => {
        const error = errorOf(answer);
        if (error === undefined) return `no error came: ${inShort(answer)}`;
        return Number.isInteger(error.code) && typeof error.message === "string"
          ? undefined
          : `code ${JSON.stringify(error.code)}, message ${JSON.stringify(error.message)}`;
      },
    ),
  },
  {
    id: "MCP-CON-004",
    level: "MUST",
    source: `${base} §Responses`,
    text: 'An answer says jsonrpc "2.0" and has a result or an error, never both',
    sends: "a harmless request",
    eras: both,
    over: "any",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker)),
      (answer) => {
        const message = answer.messages.find(({ id }) => id === 1);
        if (message === undefined) return `no answer to it: ${inShort(answer)}`;
        if (message["jsonrpc"] !== "2.0") return `jsonrpc is ${JSON.stringify(message["jsonrpc"])}`;
        return "result" in message === "error" in message ? "it has both or neither" : undefined;
      },
    ),
  },
  {
    id: "MCP-CON-005",
    level: "SHOULD",
    source: `${base} §Requests`,
    text: "An id is never null: such a request is not served",
    sends: "a harmless request with the id null",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { id: null }),
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-006",
    level: "SHOULD",
    source: `${base} §Requests`,
    text: 'A message that does not say jsonrpc "2.0" is not served',
    sends: 'a harmless request that says jsonrpc "1.0"',
    eras: both,
    over: "http",
    tried: tried(
      (speaker, { wire }) => {
        const [method, params] = harmless(speaker);
        const body = JSON.stringify({ ...speaker.message(method, params), jsonrpc: "1.0" });
        return wire.send({ headers: speaker.headers(method, params), body });
      },
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-007",
    level: "MUST",
    source: `${base} §Messages; JSON-RPC 2.0 §5.1`,
    text: "What is no JSON is an error of HTTP, with -32700 when the body says more",
    sends: "a body that breaks off",
    eras: both,
    over: "http",
    tried: tried(
      (speaker, { wire }) => wire.send({ headers: speaker.headers(...harmless(speaker)), body: torn }),
      (answer) => {
        if (answer.status < 400 || answer.status >= 500) return inShort(answer);
        const code = errorOf(answer)?.code;
        return code === undefined || code === -32700 ? undefined : inShort(answer);
      },
    ),
  },
];

const ids = [0, Number.MAX_SAFE_INTEGER, `${clientInfo.name} "1" \u00e9`] as const;
