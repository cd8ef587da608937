// Asks /healthz again and again on a connection of its own: `bun bench/programs/health-watch.ts PORT PID`. After a line on its input it writes how long the
// longest answer since the last line took beyond the middle one, in ms. Time in which either process waited for a core is no part of that.
import { Connection } from "../load/connection.ts";
import { bare } from "../load/speech.ts";

const [, , port, pid] = process.argv;
const everyMs = 5;
const connection = await Connection.open(Number(port));
const question = bare("GET", { port: Number(port), path: "/healthz", headers: {} }, {});
let took: number[] = [];

/** How long the main thread of a process was ready to run and did not, in ms. */
async function waitedOf(process: string): Promise<number> {
  const text = await Bun.file(`/proc/${process}/task/${process}/schedstat`)
    .text()
    .catch(() => "0 0 0");
  return Number(text.split(" ")[1]) / 1e6;
}
const waited = async () => (await waitedOf(pid ?? "")) + (await waitedOf(String(process.pid)));

async function watch(): Promise<void> {
  for (;;) {
    const before = await waited();
    const from = performance.now();
    await connection.send(question);
    const answered = performance.now();
    took.push(Math.max(0, answered - from - ((await waited()) - before)));
    await Bun.sleep(everyMs);
  }
}
void watch();

for await (const _ of console) {
  const sorted = took.toSorted((a, b) => a - b);
  took = [];
  process.stdout.write(`${(sorted.at(-1) ?? Number.NaN) - (sorted[Math.floor(sorted.length / 2)] ?? 0)}\n`);
}
