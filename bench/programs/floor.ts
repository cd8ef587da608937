// The floor: the least that a gateway on Bun does, written as one would write it. `bun bench/programs/floor.ts PORT UPSTREAM`. A bearer is looked up in
// SQLite by its SHA-256, then the request goes on as it is, by `fetch`; it has no rights, no names, no audit and no metrics.
import { Database } from "bun:sqlite";

const [, , port, upstream = ""] = process.argv;
const sha = (token: string) => new Bun.CryptoHasher("sha256").update(token).digest();
const db = new Database(":memory:");
db.run("CREATE TABLE tokens (hash BLOB PRIMARY KEY, name TEXT, expires INTEGER) WITHOUT ROWID");
const insert = db.prepare("INSERT INTO tokens VALUES (?, ?, ?)");
db.transaction(() => {
  for (let n = 0; n < 1_000; n++) insert.run(sha(`token-${n}`), `user-${n}`, 4_102_444_800);
})();
const select = db.query<{ expires: number }, [Uint8Array]>("SELECT name, expires FROM tokens WHERE hash = ?");

const passed = ["content-type", "accept", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name"];
const returned = ["content-type", "mcp-session-id"];
function headersIn(headers: Headers, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}

function isKnown(authorization: string | null): boolean {
  if (authorization?.startsWith("Bearer ") !== true) return false;
  const row = select.get(sha(authorization.slice(7)));
  return row !== null && row.expires > Date.now() / 1000;
}

Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    if (!isKnown(request.headers.get("authorization"))) return new Response(null, { status: 401 });
    const { method, url } = request;
    const body = method === "POST" ? await request.arrayBuffer() : null;
    const path = url.slice(url.indexOf("/", 8));
    const answer = await fetch(upstream + path, { method, headers: headersIn(request.headers, passed), body });
    const head = { status: answer.status, headers: headersIn(answer.headers, returned) };
    if (answer.status === 202 || answer.status === 204) return new Response(null, head);
    const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
    return new Response(isStream ? answer.body : await answer.arrayBuffer(), head);
  },
});
