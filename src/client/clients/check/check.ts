import { messageOf } from "../../../lib/problem.ts";
import { blotter } from "../../blot.ts";
import { CheckFailure, type CheckStep, type Visit } from "./visit.ts";

export type Checked = { name: string; ok: boolean; ms: number; detail: string; failure?: CheckFailure["kind"] };
export type CheckReport = {
  steps: Checked[];
  /** 0 for a client that will work, 1 when it does not get in, 2 when it does not take what it gets. */
  exitCode: 0 | 1 | 2;
  /** The step at which it fails. */
  failed: string | undefined;
  tools: number;
};

const mostDetail = 1_000;

/** Goes a client's first steps. The first that fails is the end, but for judgements: each of those is told. */
export async function check(
  steps: readonly CheckStep[],
  asked: Pick<Visit, "url" | "name" | "token" | "origin" | "timeoutMs" | "fetch">,
): Promise<CheckReport> {
  const visit: Visit = { ...asked, headers: {}, isModern: false, tools: [], endings: [] };
  const done: Checked[] = [];
  let isOver = false;
  for (const step of steps) {
    if (isOver) continue;
    const one = await taken(step, visit);
    done.push(one);
    isOver = !one.ok && step.judges !== true;
  }
  for (const end of visit.endings) await end().catch(() => {});
  await goodbye(visit);
  const clean = blotter(asked.token === undefined ? [] : [asked.token]);
  const failed = done.find(({ ok }) => !ok);
  return {
    steps: done.map((one) => ({ ...one, detail: clean(one.detail).slice(0, mostDetail) })),
    exitCode: failed === undefined ? 0 : failed.failure === "reach" ? 1 : 2,
    failed: failed?.name,
    tools: visit.tools.length,
  };
}

async function taken({ name, run }: CheckStep, visit: Visit): Promise<Checked> {
  const start = performance.now();
  const ms = () => Math.round(performance.now() - start);
  try {
    return { name, ok: true, detail: await run(visit), ms: ms() };
  } catch (error) {
    const failure = error instanceof CheckFailure ? error.kind : "reach";
    return { name, ok: false, detail: messageOf(error), ms: ms(), failure };
  }
}

/** A session that nobody ends would be counted as somebody there. */
async function goodbye({ url, headers, token, fetch }: Visit): Promise<void> {
  if (headers["mcp-session-id"] === undefined) return;
  const credential = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const request = new Request(url, {
    method: "DELETE",
    headers: { ...headers, ...credential },
    signal: AbortSignal.timeout(1_000),
  });
  await fetch(request)
    .then((response) => response.body?.cancel())
    .catch(() => {});
}
