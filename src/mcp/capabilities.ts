import { type Era, tasksExtension } from "./protocol.ts";
import type { Introduction } from "./upstream/upstream.ts";

type Capabilities = Record<string, unknown>;

/** What the gateway itself carries for every project, whatever its servers can. */
const ours: Capabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
};

/**
 * What is said in answer to `initialize` and `server/discover`. A project says what the gateway carries, so that nothing upstream is waited for;
 * one server's own endpoint says what that server said, as soon as it is known.
 */
export function capabilitiesFor(era: Era, known: readonly Introduction[], isSingle: boolean): Capabilities {
  const only = isSingle ? known[0]?.capabilities : undefined;
  const base = only === undefined ? ours : pick(only, [...Object.keys(ours), "experimental"]);
  const extensions = Object.assign(
    {},
    ...known.map((introduction) => extensionsFor(era, introduction)),
  ) as Capabilities;
  return Object.keys(extensions).length === 0 ? base : { ...base, extensions };
}

const longestExtensions = 16_384;

/** Tasks exist between a modern client and a modern server only. */
function extensionsFor(era: Era, introduction: Introduction): Capabilities {
  const { extensions } = introduction.capabilities;
  if (typeof extensions !== "object" || extensions === null) return {};
  // All clients of the project get it with their first answer.
  if (JSON.stringify(extensions).length > longestExtensions) return {};
  const { [tasksExtension]: tasks, ...others } = extensions as Capabilities;
  return era === "modern" && introduction.era === "modern" && tasks !== undefined
    ? { ...others, [tasksExtension]: tasks }
    : others;
}

const pick = (from: Capabilities, names: readonly string[]): Capabilities =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
