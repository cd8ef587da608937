// An MCP server over stdio that misbehaves for as long as a file is there: `bun bad-server.ts --dir DIR --fault NAME [--era modern]`.
// DIR/on is that file; each call that arrives is a line in DIR/calls.
import { appendFileSync, closeSync, existsSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Asked, changesLists, deedOf, ordinary, type ProcessMouth, wellAnswered } from "./deeds.ts";

const { values } = parseArgs({
  options: { dir: { type: "string" }, fault: { type: "string" }, era: { type: "string", default: "legacy" } },
});
const { dir = "", fault = "", era } = values;
const isOn = () => existsSync(`${dir}/on`);

/** Waits until the pipe has taken it all; a pipe that nobody reads is the end of us, as it is of others. */
function write(fd: number, bytes: string | Uint8Array): void {
  const buffer = Buffer.from(bytes);
  for (let at = 0; at < buffer.length; ) {
    try {
      at += writeSync(fd, buffer, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") process.exit(13);
      Bun.sleepSync(1);
    }
  }
}

const inherited = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
const mouth: ProcessMouth & Record<string, unknown> = {
  isOn,
  stream: () => {},
  say: (message, lineEnd = "\n") => write(1, Buffer.concat([Buffer.from(message), Buffer.from(lineEnd)])),
  part: (bytes) => write(1, bytes),
  noise: (words) => write(1, `${words}\n`),
  aside: async (words) => write(2, words),
  close: () => closeSync(1),
  reset() {
    closeSync(0);
    closeSync(1);
  },
  die(how) {
    if (typeof how === "number") process.exit(how);
    process.kill(process.pid, how);
    // The first process of a container is not reached by its own signals.
    if (how === "SIGKILL") process.exit(137);
    while (isOn()) Bun.sleepSync(100);
  },
  fork: () => void Bun.spawn([process.execPath, "-e", "setTimeout(() => {}, 300_000)", dir], inherited),
};

if (fault === "exit at start" && isOn()) {
  process.stderr.write("the configuration is missing\n");
  process.exit(3);
}
if (fault === "ignores SIGTERM" && isOn()) process.on("SIGTERM", () => {});
// With a timer a process outlives its standard input.
setInterval(() => {}, fault === "ignores stdin EOF" || fault === "ignores SIGTERM" ? 1_000 : 2 ** 30).unref();

/** Some faults begin before anybody calls. */
let wasOn = isOn();
const endsAtOnce = ["connection refused", "exit at start"].includes(fault);
if (changesLists(fault) || endsAtOnce)
  setInterval(() => {
    if (isOn() === wasOn) return;
    wasOn = !wasOn;
    if (endsAtOnce && wasOn) process.exit(3);
    if (!endsAtOnce) mouth.say('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}');
  }, 20).unref();

async function take(line: string): Promise<void> {
  const asked = JSON.parse(line) as Asked;
  if (asked.id === undefined || asked.method === undefined) return;
  const said = ordinary(asked, era, isOn() ? fault : undefined);
  if (said === undefined) {
    appendFileSync(`${dir}/calls`, `${asked.params.arguments?.mark}\n`);
    if (isOn()) return await deedOf("stdio", fault)(mouth as never, asked);
    return mouth.say(await wellAnswered(asked));
  }
  const outcome = "error" in said ? { error: { code: -32601, message: "Method not found" } } : { result: said };
  mouth.say(JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...outcome }));
}

let rest = "";
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) if (line !== "") void take(line);
});
process.stdin.on("end", () => {
  if (!fault.startsWith("ignores") || !isOn()) process.exit(0);
  setInterval(() => {}, 1_000);
});
