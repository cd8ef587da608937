import { type Caller, drive, steadily } from "../load/drive.ts";
import { callersOf, type Era, type Work } from "../load/speech.ts";
import { peerNames } from "../peers.ts";
import { type Aim, against, type Figures } from "../results.ts";
import { inTurns, type Turn } from "../rounds.ts";
import { startTargets, type Targets } from "../targets.ts";
import { fewer, isAsked, type Part, type Settings } from "./part.ts";

type Scenario = {
  what: string;
  era: Era;
  callers: number;
  calls: number;
  kib?: number;
  targets: readonly string[];
  aims: readonly Aim[];
};

const json = ["direct", "floor", "mcpctl", "mcpctl, old upstream"];
const events = ["direct, events", "floor, events", "mcpctl, events"];
const eras = ["legacy", "modern"] as const;

const isPeer = (name: string) => (peerNames as readonly string[]).includes(name);
/** NaN where there is none. */
function bestPeer(of: (target: string, figure: "cpu") => number): number {
  const all = peerNames.map((name) => of(name, "cpu")).filter((cpu) => !Number.isNaN(cpu));
  return all.length === 0 ? Number.NaN : Math.min(...all);
}

const small = (era: Era): Scenario => ({
  what: `small tools/call, 32 at once, ${era}`,
  era,
  callers: 32,
  calls: 2_000,
  targets: [...json, ...events, "mcpctl, stdio", ...(era === "legacy" ? ["SDK proxy", ...peerNames] : [])],
  aims: [
    against("cpu", "mcpctl", "floor", 0.9, "CPU of the floor, HTTP"),
    against("cpu", "mcpctl, old upstream", "floor", 0.9, "CPU of the floor, HTTP of the legacy era"),
    against("cpu", "mcpctl, events", "floor, events", 0.9, "CPU of the floor, HTTP with event streams"),
    against("cpu", "mcpctl, stdio", "floor", 0.6, "CPU of the floor, stdio"),
    {
      what: "CPU of the best peer, HTTP",
      unit: "x",
      atMost: 1 / 6,
      value: (of) => of("mcpctl", "cpu") / bestPeer(of),
    },
  ],
});

const large = (era: Era): Scenario => ({
  what: `tools/call of 64 KiB, 16 at once, ${era}`,
  era,
  callers: 16,
  calls: 600,
  kib: 64,
  targets: [...json, ...events, "mcpctl, stdio", ...(era === "legacy" ? ["SDK proxy"] : [])],
  aims: [
    against("cpu", "mcpctl", "floor", 0.9, "CPU of the floor, HTTP"),
    against("cpu", "mcpctl, old upstream", "floor", 0.9, "CPU of the floor, HTTP of the legacy era"),
    against("cpu", "mcpctl, events", "floor, events", 0.9, "CPU of the floor, HTTP with event streams"),
    against("cpu", "mcpctl, stdio", "floor", 1.1, "CPU of the floor, stdio"),
  ],
});

/** What a target adds to what the upstream takes by itself. */
const added = (of: (target: string, figure: "p50") => number, target: string) =>
  of(target, "p50") - of("direct", "p50");

const single = (era: Era): Scenario => ({
  what: `small tools/call, one at a time, ${era}`,
  era,
  callers: 1,
  calls: 800,
  targets: ["direct", "floor", "mcpctl", "mcpctl, stdio"],
  aims: [
    {
      what: "added p50, of what the floor adds",
      unit: "x",
      atMost: 1,
      value: (of) => added(of, "mcpctl") / added(of, "floor"),
    },
    { what: "p99 over the floor's", unit: "ms", atMost: 1, value: (of) => of("mcpctl", "p99") - of("floor", "p99") },
  ],
});

/** In the table of 256 stands what 32 cost as well, measured in the same rounds. */
const crowd = (era: Era): Scenario => ({
  what: `small tools/call, 256 at once, ${era}`,
  era,
  callers: 256,
  calls: 2_560,
  targets: ["direct", "floor", "mcpctl", "mcpctl, stdio", "mcpctl, 32 at once"],
  aims: [
    {
      what: "connections to the upstream of 256 clients",
      unit: "",
      atMost: 256,
      value: (of) => of("mcpctl", "connections"),
    },
    against("cpu", "mcpctl", "mcpctl, 32 at once", 1.15, "CPU of that at 32 at once"),
  ],
});

const scenarios: readonly Scenario[] = [
  ...eras.map(small),
  ...eras.map(large),
  {
    what: "small tools/call, 64 at once, modern",
    era: "modern",
    callers: 64,
    calls: 2_000,
    targets: ["direct", "floor", "mcpctl", "mcpctl, stdio"],
    aims: [],
  },
  ...eras.map(crowd),
  ...eras.map(single),
];

/** What it costs before what it runs through is compiled, which happens once in a process. */
const first: Scenario = {
  what: "the first 2,000 small calls of a new process, 32 at once, modern",
  era: "modern",
  callers: 32,
  calls: 2_000,
  targets: ["direct", "floor", "mcpctl"],
  aims: [],
};

/**
 * All else is of processes that have been up for a while. Every way was gone so many times, by gateways and peers alike; and by all but peers, which take
 * long, so often that whatever is compiled at all is compiled, mcpctl's last compiler included (decision 20), whose second would fall on some scenario else.
 */
async function warmUp(targets: Targets, settings: Settings): Promise<void> {
  for (const scenario of eras.map(small)) {
    const calls = fewer(settings, scenario.calls);
    await measure(targets, scenario, calls, 0, 3);
    const own = scenario.targets.filter((name) => !isPeer(name) && name !== "SDK proxy");
    await measure(targets, { ...scenario, targets: own }, calls, 0, 12);
  }
}

const steady = {
  what: "small tools/call, 40 a second, modern",
  targets: ["direct", "floor", "mcpctl"],
  perSecond: 40,
  calls: 400,
  aims: [{ what: "p99 over direct", unit: "ms", atMost: 2, value: (of) => of("mcpctl", "p99") - of("direct", "p99") }],
} satisfies { aims: readonly Aim[] } & Record<string, unknown>;

/** `mcpctl, 32 at once` is the target `mcpctl` with another number of callers. */
function targetOf(targets: Targets, name: string, callers: number) {
  const [, fewerCallers] = /, (\d+) at once$/.exec(name) ?? [];
  const target = targets.of(name.replace(/, \d+ at once$/, ""));
  return target && { ...target, callers: Number(fewerCallers ?? callers) };
}

const work = (kib: number | undefined): Work =>
  kib === undefined
    ? { tool: "echo", args: { text: "hello" }, holds: "hello" }
    : { tool: "give", args: { text: "", kib }, holds: "quick" };

async function openTo(
  targets: Targets,
  name: string,
  { era, callers, kib }: Pick<Scenario, "era" | "callers" | "kib">,
) {
  const target = targetOf(targets, name, callers);
  return target && { target, list: await callersOf(target, era, work(kib), target.callers) };
}

async function measure(
  targets: Targets,
  scenario: Scenario,
  calls: number,
  rounds: number,
  before?: number,
): Promise<Map<string, Figures>> {
  const opened: Caller[] = [];
  const turns: Turn[] = [];
  for (const name of scenario.targets) {
    const found = await openTo(targets, name, scenario);
    // A peer that is not there.
    if (found === undefined) continue;
    opened.push(...found.list);
    const { pid, settleMs } = found.target;
    turns.push({
      target: name,
      pid,
      settleMs,
      go: () => drive(found.list, calls),
      upstream: targets.upstream,
      isPeer: isPeer(name),
    });
  }
  const figures = await inTurns(turns, rounds, before);
  for (const { connection } of opened) connection.close();
  return figures;
}

/** All targets at once, each at its own pace: nobody is busy. */
async function measureSteady(targets: Targets, calls: number, rounds: number): Promise<Map<string, Figures>> {
  const measured = await Promise.all(
    steady.targets.map(async (name, n) => {
      const found = await openTo(targets, name, { era: "modern", callers: 8 });
      if (found === undefined) throw new Error(`there is no ${name}`);
      await drive(found.list, 200);
      await Bun.sleep((n * 1000) / steady.perSecond / steady.targets.length);
      const turn = { target: name, pid: found.target.pid, settleMs: 0 };
      const go = () => steadily(found.list, calls, steady.perSecond);
      const figures = await inTurns([{ ...turn, go }], rounds, 1);
      for (const { connection } of found.list) connection.close();
      return figures;
    }),
  );
  return new Map(measured.flatMap((each) => [...each]));
}

const rowsOf = (figures: Map<string, Figures>) => [...figures].map(([target, each]) => ({ target, figures: each }));

/** What a call costs, over every way, beside the upstream alone and the floor. */
export const calls: Part = {
  name: "calls",
  async run(settings, report) {
    const targets = await startTargets(settings.peers);
    try {
      report(first.what, rowsOf(await measure(targets, first, first.calls, 1, 0)), first.aims);
      await warmUp(targets, settings);
      for (const scenario of scenarios.filter(({ what }) => isAsked(settings, what))) {
        const figures = await measure(targets, scenario, fewer(settings, scenario.calls), settings.rounds);
        report(scenario.what, rowsOf(figures), scenario.aims);
      }
      if (isAsked(settings, steady.what)) {
        const figures = await measureSteady(targets, fewer(settings, steady.calls), settings.rounds);
        report(steady.what, rowsOf(figures), steady.aims);
      }
    } finally {
      await targets.close();
    }
  },
};
