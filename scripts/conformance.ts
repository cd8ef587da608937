// `bun run conformance [--leg WORDS] [--write] [--source]`: the official suite against the fixture directly and through a running gateway,
// scenario by scenario. Fails when anything is lost on the way that `test/conformance/explained.ts` does not explain.
// `--leg same-http` takes the legs with these words in their names, `--write` keeps the score in docs/conformance.md, `--source` runs mcpctl
// from its source in place of building it first.
import { parseArgs } from "node:util";
import { isKept, type Result } from "../test/conformance/compare.ts";
import { clientLegs, isMeant, serverLegs } from "../test/conformance/legs.ts";
import { page } from "../test/conformance/page.ts";
import { directScores, runClientLeg, runServerLeg } from "../test/conformance/runs.ts";
import { losses, matrix, totals } from "../test/conformance/table.ts";
import { run } from "./run.ts";

const { values } = parseArgs({
  options: { leg: { type: "string" }, write: { type: "boolean" }, source: { type: "boolean" } },
});
const say = (text: string) => process.stdout.write(`${text}\n`);

if (values.source === true) process.env["MCPCTL_PROGRAM"] = "source";
else run([process.execPath, "scripts/build.ts"], true);

const wanted = serverLegs.filter(({ name }) => isMeant(name, values.leg));
const wantedClients = clientLegs.filter(({ name }) => isMeant(name, values.leg));
if (wanted.length + wantedClients.length === 0) {
  say(
    `error: no leg has these words; there are\n${[...serverLegs, ...clientLegs].map(({ name }) => `  ${name}`).join("\n")}`,
  );
  process.exit(2);
}
if (values.write === true && values.leg !== undefined) {
  say("error: --write keeps the whole score: leave --leg out");
  process.exit(2);
}

const direct = await directScores(wanted);
const servers = await inPairs(wanted.map((leg) => () => runServerLeg(leg, direct)));
const clients = await inPairs(wantedClients.map((leg) => () => runClientLeg(leg)));
const results = [...servers, ...clients];

for (const suite of new Set(wanted.map(({ suite }) => suite)))
  say(`\n${suite}\n${matrix(servers.filter(({ leg }) => leg.startsWith(suite)))}`);
for (const result of clients) say(`\n${result.leg}\n${matrix([result])}`);
say(`\n${totals(results)}`);
const lost = losses(results);
if (lost !== "") say(`\n${lost}`);
if (values.write === true) await Bun.write("docs/conformance.md", page(servers, clients));
process.exit(results.every(isKept) ? 0 : 1);

/** Runs two at a time: each leg has processes of its own, and the machine has few cores. */
async function inPairs(works: (() => Promise<Result>)[]): Promise<Result[]> {
  const done: Result[] = [];
  const waiting = works.map((work, index) => ({ work, index }));
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await next.work();
      done[next.index] = result;
      process.stderr.write(`${result.leg}: ${result.error ?? (isKept(result) ? "kept" : "lost something")}\n`);
    }
  };
  await Promise.all([worker(), worker()]);
  return done;
}
