// How a server misbehaves, whatever it is reached over: what it says where the answer to a call should be.

/** One request as a server got it. */
// biome-ignore lint/suspicious/noExplicitAny: parameters of every shape.
export type Asked = { id: number | string; method: string; params: any };

/** How it speaks: lines of a process, answers of Streamable HTTP, events of the SSE transport. */
export type Mouth = {
  /** Several messages will come: over Streamable HTTP the answer is an event stream then. Called first, or not at all. */
  stream: () => void;
  /** One message, whole. */
  say: (message: string | Uint8Array, lineEnd?: "\n" | "\r\n") => void;
  /** More bytes of a message that is never whole. */
  part: (bytes: string) => void;
  /** What is no message: a line of words; over HTTP an event of an unknown kind and one that is not JSON. */
  noise: (words: string) => void;
  /** What nobody is to read: standard error; over HTTP lines of comment. */
  aside: (words: string) => Promise<void>;
  /** Says no more, in good order, and goes on listening. */
  close: () => void;
  /** Neither says nor hears any more, at once. */
  reset: () => void;
  /** Whether it still is to misbehave. */
  isOn: () => boolean;
};
export type ProcessMouth = Mouth & {
  die: (how: number | NodeJS.Signals) => void;
  /** Starts a process that outlives it and holds its pipes. */
  fork: () => void;
};
export type HttpMouth = Mouth & {
  /** Bytes as they are, in place of any answer. */
  raw: (bytes: string) => void;
  respond: (status: number, headers?: Record<string, string>, body?: string) => void;
  /** Its process ends: every connection is closed, or reset, and none is taken. */
  die: (how: "close" | "reset") => void;
};

type Deed<M extends Mouth = Mouth> = (mouth: M, asked: Asked) => void | Promise<void>;

const result = ({ id }: Asked, text = "ok"): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], resultType: "complete" } });
const progress = ({ params }: Asked, progress_: number): string => {
  const progressToken = params._meta?.progressToken;
  return JSON.stringify({
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken, progress: progress_ },
  });
};
const refusal = ({ id }: Asked, code: number, message: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
/** An answer whose result holds more than anybody asked for. */
const padded = (asked: Asked, more: string): string => result(asked).replace(/}}$/, `,"more":${more}}}`);
const nap = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const someoneElse = 987_654;

/** The same over every transport. */
const spoken: Record<string, Deed> = {
  "hang before the first byte": () => {},
  "hang after the first byte": ({ part }) => part("{"),
  "1 byte/s": async ({ part, isOn }, asked) => {
    for (const character of result(asked)) {
      if (!isOn()) break;
      part(character);
      await nap(1_000);
    }
  },
  "wrong id": ({ say }, asked) => say(result({ ...asked, id: someoneElse })),
  "duplicate response": ({ stream, say }, asked) => {
    stream();
    say(result(asked));
    say(result(asked, "again"));
  },
  "response to an unknown id": ({ stream, say }, asked) => {
    stream();
    say(result({ ...asked, id: someoneElse }, "for somebody else"));
    say(result(asked));
  },
  "invalid JSON": ({ say }, { id }) => say(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{oops}}`),
  "truncated JSON": ({ say }, asked) => say(result(asked).slice(0, -9)),
  "invalid UTF-8": ({ say }, asked) => say(Buffer.from(result(asked, "ok \u00ff\u00fe"), "latin1")),
  "byte order mark": ({ say }, asked) => say(`\uFEFF${result(asked)}`),
  CRLF: ({ say }, asked) => say(result(asked), "\r\n"),
  NUL: ({ say }, asked) => say(result(asked, "o?k").replace("?", "\0")),
  "11 MiB in a line": ({ say }, asked) => say(result(asked, "x".repeat(11 * 1024 * 1024))),
  "deep JSON": ({ say }, asked) => say(padded(asked, "[".repeat(100_000) + "]".repeat(100_000))),
  "wide JSON": ({ say }, asked) => say(padded(asked, `[${"0,".repeat(200_000)}0]`)),
  "server-initiated request": async ({ stream, say }, asked) => {
    stream();
    const params = { message: "Your password?", requestedSchema: { type: "object", properties: {} } };
    say(JSON.stringify({ jsonrpc: "2.0", id: "mine", method: "elicitation/create", params }));
    await nap(50);
    say(result(asked));
  },
  "progress flood": async ({ stream, say }, asked) => {
    stream();
    for (let i = 1; i <= 20_000; i++) {
      say(progress(asked, i));
      if (i % 1_000 === 0) await nap(1);
    }
    say(result(asked));
  },
  "stderr flood": async ({ stream, say, aside }, asked) => {
    stream();
    for (let i = 0; i < 200; i++) await aside(`${"e".repeat(199)}\n`.repeat(200));
    say(result(asked));
  },
  "stdout log noise": ({ stream, say, noise }, asked) => {
    stream();
    noise("[info] Server is starting…");
    noise('{"level":"info","msg":"a log line that is JSON"}');
    noise("[1,2,3]");
    say(result(asked));
  },
};

const ofProcess: Record<string, Deed<ProcessMouth>> = {
  "connection refused": ({ die }) => die(1),
  "black hole": ({ die }) => die("SIGSTOP"),
  "reset before headers": ({ reset }) => reset(),
  "reset during headers": ({ part, reset }, asked) => {
    part(result(asked).slice(0, 20));
    reset();
  },
  "reset after headers": ({ noise, reset }) => {
    noise("it got your call");
    reset();
  },
  "reset mid-SSE": ({ say, part, reset }, asked) => {
    say(progress(asked, 1));
    part(result(asked).slice(0, 20));
    reset();
  },
  "half-close": ({ close }) => close(),
  "HTTP 500": ({ say }, asked) => say(refusal(asked, -32603, "something broke")),
  "HTTP 429": ({ say }, asked) => say(refusal(asked, -32000, "too many calls, come back in a minute")),
  "wrong content type": ({ noise }) => noise("<html>It works!</html>"),
  "exit 0 mid-call": ({ die }) => die(0),
  "exit 1 mid-call": ({ die }) => die(1),
  "signal mid-call": ({ die }) => die("SIGKILL"),
  "exit at start": ({ die }) => die(3),
  "fork and orphan": ({ fork, die }) => {
    fork();
    die(0);
  },
};

const partOfHead = "HTTP/1.1 200 OK\r\nContent-Ty";
const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n";

const overHttp: Record<string, Deed<HttpMouth>> = {
  "reset before headers": ({ reset }) => reset(),
  "reset during headers": ({ raw, reset }) => {
    raw(partOfHead);
    reset();
  },
  "reset after headers": ({ raw, reset }) => {
    raw(head);
    reset();
  },
  "reset mid-SSE": ({ stream, say, part, reset }, asked) => {
    stream();
    say(progress(asked, 1));
    part(result(asked).slice(0, 20));
    reset();
  },
  "half-close": ({ close }) => close(),
  "HTTP 500": ({ respond }) => respond(500, {}, "<h1>Internal Server Error</h1>"),
  "HTTP 429": ({ respond }) => respond(429, { "retry-after": "60" }, "Too Many Requests"),
  "302 loop": ({ respond }) => respond(302, { location: "/mcp" }),
  "wrong content type": ({ respond }) => respond(200, { "content-type": "text/html" }, "<html>It works!</html>"),
  "exit 0 mid-call": ({ die }) => die("close"),
  "signal mid-call": ({ die }) => die("reset"),
};

const isProcess = (transport: string) => transport === "stdio" || transport === "container";

/** What a server of this transport does in place of answering a call. A fault that is none of its own answers in good order. */
export function deedOf(transport: string, fault: string): Deed<ProcessMouth & HttpMouth> {
  const own: Record<string, Deed<never>> = isProcess(transport) ? ofProcess : overHttp;
  const found = own[fault] ?? spoken[fault];
  return (found as Deed | undefined) ?? (async ({ say }, asked) => say(await wellAnswered(asked)));
}

const tool = (name: string) => ({ name, inputSchema: { type: "object" } });
const echo = tool("echo");
const many = Array.from({ length: 10_000 }, (_, i) => tool(`tool-${i}`));
let page = 0;

/** What it offers while the fault is on. */
const offers: Record<string, () => object> = {
  "10,000 tools": () => ({ tools: [echo, ...many] }),
  "duplicate tool names": () => ({ tools: [echo, tool("twin"), { ...tool("twin"), description: "the other" }, echo] }),
  "endless pagination": () => ({ tools: [echo], nextCursor: `page-${++page}` }),
};
export const changesLists = (fault: string): boolean => Object.hasOwn(offers, fault);

const serverInfo = { name: "faulty", version: "1" };
const introduction = { capabilities: { tools: { listChanged: true } }, serverInfo };

/** What every MCP server answers; `fault` is there while it is on. Undefined for a call. */
export function ordinary({ method, params }: Asked, era: string, fault: string | undefined): object | undefined {
  const more = era === "modern" ? { resultType: "complete", ttlMs: 0, cacheScope: "private" } : {};
  if (method === "tools/list") return { ...(offers[fault ?? ""]?.() ?? { tools: [echo] }), ...more };
  if (method === "tools/call") return undefined;
  if (method === "initialize" && era === "legacy") return { ...introduction, protocolVersion: params.protocolVersion };
  if (method === "server/discover" && era === "modern") {
    const _meta = { "io.modelcontextprotocol/serverInfo": serverInfo };
    return { supportedVersions: ["2026-07-28"], ...introduction, _meta, ...more };
  }
  return method === "ping" ? {} : { error: true };
}

/** A call to the tool `echo` without any fault: `ms` to think, `size` of the answer. */
export async function wellAnswered(asked: Asked): Promise<string> {
  const { text = "ok", ms = 0, size = 0 } = asked.params.arguments ?? {};
  await nap(ms);
  return result(asked, size > 0 ? "x".repeat(size) : text);
}
