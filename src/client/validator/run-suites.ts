import { type McpConnection, McpFailure } from "../sdk.ts";
import type { Program } from "../sdk-stdio.ts";
import { openBait } from "./bait.ts";
import { allOf, type Bait, capabilitiesOf, type Ground, harmless, isServed, survey } from "./ground.ts";
import { cleaner } from "./report.ts";
import { guarded } from "./security/credentials.ts";
import type { Done } from "./stepper.ts";
import { type Result, runSuite, type SuiteName, type SuiteReport } from "./suites.ts";
import { programWay, type Way } from "./way.ts";

export type Suites = {
  program?: Program | undefined;
  suites?: readonly SuiteName[];
  /** For the security suite: somebody else who may use this server. */
  otherToken?: string | undefined;
  /** For the security suite: where a listener of ours waits for tools that are lured there. */
  bait?: { host: string; port: number } | undefined;
  protocol: string;
  timeoutMs: number;
  /** Hears of each row as it ends; secrets are out of it. */
  toldRow?: (suite: SuiteName, result: Result) => void;
};

type StepDoer = <T>(name: string, work: () => Promise<Done<T>> | Done<T>) => Promise<T | undefined>;

/** Runs the suites that were asked for, each after the other. They speak for themselves: no client library puts right what they send. */
export async function inSuites(
  check: Suites,
  open: McpConnection,
  http: Way | undefined,
  step: StepDoer,
  secrets: readonly string[],
): Promise<SuiteReport[]> {
  const { suites = [], timeoutMs, program } = check;
  if (suites.length === 0) return [];
  const clean = cleaner(secrets);
  const reports: SuiteReport[] = [];
  let way = http;
  let bait: (Bait & { close: () => void }) | undefined;
  try {
    const ground = await step("suites", async () => {
      if (open.transport === "sse")
        throw new McpFailure(
          "transport",
          "suites speak Streamable HTTP and stdio, and this is the transport of 2024-11-05",
        );
      if (program !== undefined) way = await programWay(program, timeoutMs);
      if (check.bait !== undefined) bait = await openBait(check.bait);
      if (way === undefined) throw new McpFailure("transport", "there is no way to the server");
      const made = await groundOn(way, check, open, bait);
      return { detail: suites.join(", "), value: made };
    });
    if (ground === undefined) return [];
    for (const suite of suites)
      reports.push(
        await runSuite(suite, ground, (result) => check.toldRow?.(suite, { ...result, detail: clean(result.detail) })),
      );
    await step("still there", () => stillThere(ground));
  } finally {
    bait?.close();
    if (http === undefined) await way?.close();
  }
  return reports;
}

/** On standard input only the era that was agreed on is tried: many servers end when they hear of another. */
async function groundOn(way: Way, check: Suites, open: McpConnection, bait: Bait | undefined): Promise<Ground> {
  const { over, wire, heard } = way;
  const spoken = open.era === "modern" ? "modern" : open.protocolVersion;
  const speakers = await survey(wire, over === "stdio" ? spoken : check.protocol);
  const [first] = speakers;
  if (first === undefined) throw new McpFailure("contract", "it opens no conversation for a plain client");
  const { otherToken } = check;
  return {
    over,
    wire,
    speakers,
    heard,
    tools: "tools" in capabilitiesOf(first) ? await allOf(first, "tools/list", "tools") : [],
    isGuarded: over === "http" && (await guarded(first, wire)),
    otherCredential: otherToken === undefined ? undefined : { authorization: `Bearer ${otherToken}` },
    bait,
  };
}

/** A suite that ended the server has said so by then; this says it to whoever looks at exit codes only. */
async function stillThere({ speakers: [speaker] }: Ground): Promise<Done<undefined>> {
  const isThere = speaker !== undefined && isServed(await speaker.request(...harmless(speaker)));
  if (!isThere) throw new McpFailure("transport", "after the suites the server does not answer any more");
  return { detail: "it answers as before", value: undefined };
}
