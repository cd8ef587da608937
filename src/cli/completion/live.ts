import { connect } from "../../client/client.ts";
import { readConfig } from "../../client/contexts.ts";
import { targetOf } from "../../client/target.ts";
import type { Env } from "../environment.ts";
import type { Line } from "./line.ts";
import type { Live } from "./offers.ts";
import type { KindNode } from "./tree.ts";

/** Nobody waits longer for a list that comes while they type, unless they said so: an instance far away takes longer to answer. */
const usualMs = 300;
const mostMs = 5_000;
/** What is left of it for the process to write its answer and end. */
const lastMs = 20;
const mostNames = 500;

/** Letters, digits, and what stands in names and addresses: nothing that any shell would take for more than a letter. */
const safe = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/**
 * Asks the instance that the line is about, as who is logged in there. Whatever goes wrong there are no names and no word about it: somebody is
 * in the middle of a line. `startedAt` is when the time began to run, in milliseconds as `performance.now` counts them.
 */
export function liveNames(env: Env, startedAt = 0): Live {
  return async (what, line) => {
    const wanted = Number(env.variables["MCPCTL_COMPLETION_MS"] ?? usualMs);
    const allowed = wanted >= 0 ? Math.min(wanted, mostMs) : usualMs;
    const timeLeft = Math.max(0, allowed - lastMs - (performance.now() - startedAt));
    const late = AbortSignal.timeout(timeLeft);
    const names = what === "context" ? contexts(env) : ofKind(what, line, env, late);
    // What hangs before the request has begun, such as a keyring, hears of no signal.
    const silence = new Promise<string[]>((resolve) => late.addEventListener("abort", () => resolve([])));
    const all = await Promise.race([names.catch(() => []), silence]);
    return [...new Set(all)].filter((name) => safe.test(name)).slice(0, mostNames);
  };
}

const contexts = async ({ home }: Env): Promise<string[]> => Object.keys(readConfig(home).contexts);

async function ofKind({ plural, inProject }: KindNode, { given }: Line, env: Env, signal: AbortSignal) {
  const flag = (name: string) => given.get(name)?.at(-1);
  const choice = {
    url: flag("url"),
    token: flag("token"),
    context: flag("context"),
    ca: flag("ca"),
    insecure: given.has("insecure-skip-verify"),
  };
  const { send } = connect(targetOf(choice, env.variables, env.home, env.keyring), env.fetch);
  const project = inProject === true ? flag("project") : undefined;
  const query = project === undefined ? "" : `?project=${encodeURIComponent(project)}`;
  const { items } = (await (await send("GET", `/api/v1/${plural}${query}`, undefined, { signal })).json()) as {
    items: { name: unknown }[];
  };
  return items.map(({ name }) => String(name));
}
