// What mcpctl costs, beside what a call costs without it and through the least of gateways: `bun bench/run.ts [--only PART] [--scenario WORDS] [--rounds 3] [--quick] [--peers]
// [--out FILE]`. Needs dist/mcpctl (`bun run build`). Minutes in all; the figures of a run that is kept stand in docs/performance.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../package.json";
import { canPin, pin } from "./cores.ts";
import { calls } from "./parts/calls.ts";
import { eventLoop } from "./parts/event-loop.ts";
import { lists } from "./parts/lists.ts";
import type { Part } from "./parts/part.ts";
import { scale } from "./parts/scale.ts";
import { sessions } from "./parts/sessions.ts";
import { shortLived } from "./parts/short-lived.ts";
import { start } from "./parts/start.ts";
import { peersHere } from "./peers.ts";
import { isMet, type Results, verdictsOf } from "./results.ts";
import { lineOf, verdictLine } from "./show.ts";

const parts: readonly Part[] = [calls, lists, shortLived, sessions, scale, eventLoop, start];

const { values } = parseArgs({
  options: {
    scenario: { type: "string", default: "" },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    out: { type: "string", default: "dist/bench.json" },
  },
});
const unknown = values.only.find((name) => !parts.some((part) => part.name === name));
if (unknown !== undefined) {
  process.stderr.write(`error: there is no part "${unknown}"; there are ${parts.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
const rounds = Number(values.rounds ?? (values.quick ? 2 : 3));
const say = (line: string) => process.stdout.write(`${line}\n`);
if (!canPin) say("nothing is pinned to a core: there is no taskset, or one core only");
pin(process.pid, "rest");

const results: Results = {
  at: new Date().toISOString(),
  version,
  machine: {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${release().split("-")[0]}`,
    bun: Bun.version,
    pinned: canPin,
  },
  rounds,
  rows: [],
  verdicts: [],
};
const chosen = parts.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
const peers = chosen.includes(calls) ? peersHere(values.peers) : [];
for (const part of chosen) {
  const from = performance.now();
  say(`\n# ${part.name}`);
  await part.run({ rounds, quick: values.quick, peers, scenario: values.scenario }, (scenario, measured, aims) => {
    const rows = measured.map((row) => ({ part: part.name, scenario, ...row }));
    const verdicts = verdictsOf(part.name, scenario, rows, aims);
    results.rows.push(...rows);
    results.verdicts.push(...verdicts);
    say(`\n${scenario}`);
    for (const row of rows) say(lineOf(rows, row));
    for (const verdict of verdicts) say(verdictLine(verdict));
  });
  say(`\n${part.name}: ${((performance.now() - from) / 1000).toFixed(0)} s`);
}

mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, `${JSON.stringify(results, null, 1)}\n`);
const missed = results.verdicts.filter((verdict) => !isMet(verdict)).length;
say(`\n${results.verdicts.length - missed} of ${results.verdicts.length} aims met; raw figures in ${values.out}`);
process.exit();
