import { messageOf } from "../../lib/problem.ts";
import { McpFailure } from "../sdk.ts";
import type { Step } from "./report.ts";

/** What a step says when it went well; `value` is for the steps after it. */
export type Done<T> = { detail: string; value: T; notes?: string[] };

/** Runs steps one after the other and keeps how each ended; after a failure the rest is left out, which would only repeat it. */
export function stepper(told: (step: Step) => void) {
  const steps: Step[] = [];
  const keep = (step: Step) => {
    steps.push(step);
    told(step);
  };
  async function step<T>(name: string, work: () => Promise<Done<T>> | Done<T>): Promise<T | undefined> {
    if (steps.some(({ ok }) => !ok)) return undefined;
    const start = performance.now();
    const ms = () => Math.round(performance.now() - start);
    try {
      const { detail, value, notes = [] } = await work();
      keep({ name, ok: true, ms: ms(), detail, ...(notes.length === 0 ? {} : { notes }) });
      return value;
    } catch (error) {
      const failure = error instanceof McpFailure ? error.kind : "contract";
      keep({ name, ok: false, ms: ms(), detail: messageOf(error), failure });
      return undefined;
    }
  }
  return { steps, step };
}
