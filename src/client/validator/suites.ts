import { messageOf } from "../../lib/problem.ts";
import { findingOf } from "./findings.ts";
import type { Ground } from "./ground.ts";
import { requirements } from "./requirements.ts";
import type { Outcome, Tried } from "./row.ts";
import { contents } from "./security/contents.ts";
import { credentials } from "./security/credentials.ts";
import { door } from "./security/door.ts";
import { pages } from "./security/pages.ts";
import type { Probe } from "./security/probe.ts";
import { readings } from "./security/readings.ts";
import { sessions } from "./security/sessions.ts";
import type { Era, Speaker } from "./speaker.ts";

export const suiteNames = ["conformance", "security"] as const;
export type SuiteName = (typeof suiteNames)[number];

/** What became of one row. `warned` is a SHOULD that was not kept: it is told, and changes no exit code. */
export type Result = {
  id: string;
  title: string;
  /** MUST or SHOULD, or how severe a finding is. */
  level: string;
  era?: Era;
  outcome: "ok" | "failed" | "warned" | "skipped";
  /** What was seen when it failed; why it was skipped. */
  detail: string;
  ms: number;
};
export type SuiteReport = { suite: SuiteName; results: Result[] };

/** What only listens to what the others provoke stands last; what may end a server stands before it. */
export const probes: readonly Probe[] = [...door, ...credentials, ...pages, ...sessions, ...readings, ...contents];

/** What a suite is about to send, a line for each row. */
export const statementOf = (suite: SuiteName, over: Ground["over"]): string[] =>
  (suite === "security" ? probes : requirements)
    .filter(isFor(over))
    .map(({ id, sends }) => `${id}: ${sends}`)
    .sort();

const isFor =
  (over: Ground["over"]) =>
  (row: { over: "any" | "http" }): boolean =>
    row.over === "any" || row.over === over;

type Row = Pick<Result, "id" | "title" | "level"> & { speaker: Speaker; over: "any" | "http"; tried: Tried };

/** Runs one suite, row by row; `told` hears of each as it ends. */
export async function runSuite(suite: SuiteName, ground: Ground, told: (result: Result) => void): Promise<SuiteReport> {
  const results: Result[] = [];
  const rows = suite === "security" ? probesFor(ground) : requirementsFor(ground);
  for (const row of rows.filter(isFor(ground.over))) {
    const start = performance.now();
    const { outcome, detail } = await outcomeOf(row, ground);
    const { id, title, level, speaker } = row;
    const result: Result = {
      id,
      title,
      level,
      ...(suite === "conformance" ? { era: speaker.era } : {}),
      outcome: outcome === "failed" && level === "SHOULD" ? "warned" : outcome,
      detail,
      ms: Math.round(performance.now() - start),
    };
    results.push(result);
    told(result);
  }
  return { suite, results };
}

/** A row of ours that breaks is no reason to lose the others: it says so, and is no verdict about the server. */
async function outcomeOf({ over, tried, speaker }: Row, ground: Ground): Promise<Outcome> {
  if (over === "http" && ground.over !== "http")
    return { outcome: "skipped", detail: "it is not about this transport" };
  try {
    return await tried(ground, speaker);
  } catch (error) {
    return { outcome: "skipped", detail: `it could not be tried: ${messageOf(error)}` };
  }
}

function requirementsFor({ speakers }: Ground): Row[] {
  return requirements.flatMap((requirement) =>
    speakers
      .filter(({ era }) => requirement.eras.includes(era))
      .map((speaker) => ({ ...requirement, title: requirement.text, speaker })),
  );
}

function probesFor({ speakers }: Ground): Row[] {
  const [speaker] = speakers;
  if (speaker === undefined) return [];
  return probes.flatMap((probe) => {
    const finding = findingOf(probe.id);
    return finding === undefined ? [] : [{ ...probe, title: finding.title, level: finding.severity, speaker }];
  });
}
