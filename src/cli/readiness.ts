import type { Client } from "../client/client.ts";
import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import type { Resource } from "../resources/define.ts";
import { Server } from "../resources/server.ts";
import type { Env } from "./environment.ts";
import { during } from "./progress.ts";
import type { Args } from "./verb.ts";

const lookMs = 250;
const usualTimeout = "2m";

/** How long `--wait` waits, in milliseconds: `30s`, `5m`, `1h`. @throws Problem `invalid` */
export function timeoutOf(args: Args): number {
  const text = args.flag("timeout") ?? usualTimeout;
  const [, count = "", unit = ""] = /^(\d{1,4})(s|m|h)?$/.exec(text) ?? [];
  if (count === "") throw new Problem("invalid", "--timeout takes a time such as 30s, 5m or 1h");
  if (args.flag("timeout") !== undefined && !args.has("wait"))
    throw new Problem("invalid", "--timeout goes only with --wait");
  return Number(count) * { "": 1_000, s: 1_000, m: 60_000, h: 3_600_000 }[unit as "" | "s" | "m" | "h"];
}

/**
 * Waits until these servers run, or sleep because nobody needs them.
 * @throws Problem `unavailable` naming those that do not, and why
 */
export async function untilReady(names: readonly string[], ms: number, client: Client, args: Args, env: Env) {
  await until(names, ms, args, env, async (name) => {
    try {
      return whyNotReady(await client.get(Server, name));
    } catch (error) {
      // Of a project one may name servers that one may not see.
      if (error instanceof Problem && error.code === "forbidden") return undefined;
      throw error;
    }
  });
}

/** Waits until these are gone. @throws Problem `unavailable` */
export async function untilGone(
  all: readonly { shown: string; isGone: () => Promise<boolean> }[],
  ms: number,
  args: Args,
  env: Env,
): Promise<void> {
  const looks = new Map(all.map(({ shown, isGone }) => [shown, isGone]));
  await until([...looks.keys()], ms, args, env, async (shown) =>
    (await looks.get(shown)?.()) === false ? "it is still there" : undefined,
  );
}

async function until(
  names: readonly string[],
  ms: number,
  args: Args,
  env: Env,
  lacks: (name: string) => Promise<string | undefined>,
): Promise<void> {
  let waiting = names.map((name) => ({ name, why: "" }));
  if (names.length === 0) return;
  await during(`Waiting for ${shortList(names)}`, args, env, async (say) => {
    // The server brings what runs in line just after it answered.
    for (const end = performance.now() + ms; ; await sleep(lookMs)) {
      await sleep(waiting.length === names.length ? lookMs : 0);
      const looked = await Promise.all(waiting.map(async ({ name }) => ({ name, why: (await lacks(name)) ?? "" })));
      waiting = looked.filter(({ why }) => why !== "");
      if (waiting.length === 0) return;
      const [first] = waiting;
      say(`Waiting for ${shortList(waiting.map(({ name }) => name))}: ${first?.why}`);
      if (performance.now() < end) continue;
      throw new Problem("unavailable", `not ready in time: ${shortList(waiting.map(({ name }) => name))}`, {
        fields: waiting.slice(0, 20).map(({ name, why }) => ({ path: name, message: why })),
        hint: `mcpctl describe server ${first?.name}`,
      });
    }
  });
}

const shortList = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;

/** Why a server cannot be used yet; undefined when it can, or is not meant to run. */
function whyNotReady({ replicas, start, status = {} }: Resource): string | undefined {
  const { state, reason, copies } = status as { state?: string; reason?: string; copies?: string };
  if (replicas === 0) return undefined;
  if (start === "lazy" && state === "STOPPED") return undefined;
  const [up, all] = (copies ?? "1/1").split("/");
  if (state === "RUNNING" && up === all) return undefined;
  return [state ?? "not known yet", copies && `${copies} copies`, reason].filter(Boolean).join(", ");
}
