// Loaded before `serve`: how long its event loop was kept from everything else. In ms of its own thread's work, so that a machine that is busy with
// something else is not taken for it. `GET` at the port in BENCH_MONITOR tells the longest since it was asked before.
import { readFileSync } from "node:fs";

const everyMs = 2;
const schedule = `/proc/self/task/${process.pid}/schedstat`;
const worked = () => Number(readFileSync(schedule, "utf8").split(" ")[0]) / 1e6;

let last = worked();
let longest = 0;
function look(): void {
  const now = worked();
  longest = Math.max(longest, now - last);
  last = now;
}

const port = Number(process.env["BENCH_MONITOR"]);
if (port > 0) {
  setInterval(look, everyMs).unref();
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    fetch() {
      look();
      const told = longest;
      longest = 0;
      return Response.json(told);
    },
  });
  server.unref();
}
