// An upstream over Streamable HTTP for the benches: `bun bench/programs/http-upstream.ts PORT`. Each path is a server: `/s/7/mcp?tools=20&events=1`
// has twenty tools and answers in event streams, as servers of the official SDK do; `legacy=1` knows nothing of the modern era.
import { answerTo } from "./answers.ts";

const json = { "content-type": "application/json" };
const events = { "content-type": "text/event-stream", "cache-control": "no-cache" };
let opened = 0;

Bun.serve({
  port: Number(process.argv[2]),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: request.method === "DELETE" ? 200 : 405 });
    const body = await request.text();
    const [, query = ""] = request.url.split("?");
    const isLegacy = query.includes("legacy=1");
    if (isLegacy && body.includes('"server/discover"')) return new Response("no", { status: 400 });
    const answer = answerTo(body, Number(/tools=(\d+)/.exec(query)?.[1] ?? 2));
    if (answer === undefined) return new Response(null, { status: 202 });
    const session = answer.method === "initialize" ? { "mcp-session-id": `session-${++opened}` } : {};
    return query.includes("events=1") && answer.method === "tools/call"
      ? new Response(`event: message\ndata: ${answer.text}\n\n`, { headers: events })
      : new Response(answer.text, { headers: { ...json, ...session } });
  },
});
