import { world } from "../world.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { watch } from "./cell.ts";
import { transports } from "./transports.ts";
import { limiter } from "../../src/lib/wait.ts";
const all = ["none","connection refused","black hole","reset before headers","reset during headers","reset after headers","reset mid-SSE","half-close","1 byte/s","hang before the first byte","hang after the first byte","HTTP 500","HTTP 429","302 loop","wrong content type","wrong id","duplicate response","response to an unknown id","invalid JSON","truncated JSON","invalid UTF-8","byte order mark","CRLF","NUL","11 MiB in a line","deep JSON","wide JSON","10,000 tools","duplicate tool names","endless pagination","server-initiated request","progress flood","stderr flood","stdout log noise","exit 0 mid-call","exit 1 mid-call","signal mid-call","exit at start","fork and orphan","ignores SIGTERM","ignores stdin EOF","DNS failure","TLS failure","slow client","vanishing client","client that never reads"];
const [tname = "http", filter] = process.argv.slice(2);
const start = transports[tname as "http"]!;
const w = await world();
const origin = w.listen();
const n = startHttpServer({ name: "neighbour" });
await w.must("POST", "/api/v1/servers", { name: "neighbour", url: n.url });
const run = limiter(Number(process.env["CONC"] ?? 8), 1000, () => new Error("full"));
const t0 = performance.now();
await Promise.all(all.filter((f) => filter === undefined || f.includes(filter)).map((fault, i) => run(async () => {
  const era = fault === "server-initiated request" && tname !== "sse" ? "modern" : "legacy";
  const faulty = await start(fault, era);
  const manner = fault === "slow client" ? "slowly" : fault === "vanishing client" ? "leaves" : fault === "client that never reads" ? "never reads" : "call";
  const t = performance.now();
  try {
    const seen = await watch(w, origin, { name: fault.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^1/,"one").replace(/^302/,"r302"), faulty, manner, lists: fault.includes("tool") || fault.includes("pagin"), arguments: manner === "never reads" ? { size: 3_000_000 } : manner === "slowly" ? { size: 100_000 } : manner === "leaves" ? { ms: 5000 } : {} });
    console.log(`${fault} [${Math.round(performance.now()-t)}]\n   ${seen.heard.ms.toFixed(0)}ms (lag ${seen.lagMs.toFixed(0)}) ${JSON.stringify(seen.heard.messages).slice(0, 200)} ${seen.heard.broken} ${seen.listed ? `listed ${seen.listed.ms.toFixed(0)}ms ${JSON.stringify(seen.listed.messages).slice(0,150)} ${seen.listed.messages[0]?.result?.tools?.length}`:""}\n   arrived ${seen.arrived} neighbour ${seen.neighbour.calls}/${seen.neighbour.failed.slice(0,1)} status ${JSON.stringify(seen.status)}\n   audit ${JSON.stringify(seen.audited.map(({outcome,durationMs})=>[outcome,durationMs]))} broken ${seen.stillBroken} left ${seen.left}`);
  } catch (e) { console.log(fault, "THREW", e); }
})));
console.log(performance.now() - t0);
await w.close(); n.stop(); process.exit();
