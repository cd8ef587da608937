// One of several processes on one cache, as test/mcp/pipeline/cache/processes.test.ts starts and kills them: `bun writer.ts FOLDER SEED`.
import { createFileCache } from "../../../../src/mcp/pipeline/cache/file-cache.ts";
import { logTo } from "../../../log.ts";
import { keys, scope } from "./fixture.ts";
import { mostBytes, names, valueAt } from "./values.ts";

const [dir = "", seed = "0"] = process.argv.slice(2);
const log = logTo((line) => void process.stderr.write(`${line}\n`));
const cache = createFileCache({ ...keys, dir, mostBytes, memoryBytes: 0, clock: { now: () => Date.now() }, log });
process.stdout.write("ready\n");
for (let n = Number(seed); ; n++) {
  const name = names[(n * 7) % names.length] ?? "";
  cache.put(scope(`p${n % 3}`, `u${n % 2}`), name, valueAt(name, n));
  await cache.settled();
  if (n % 97 === 0) await cache.clear(`p${n % 3}`);
}
