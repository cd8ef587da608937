import { parsedJson } from "../lib/json.ts";
import { Problem } from "../lib/problem.ts";

type Stage = { type: string; config?: Record<string, unknown> };

/**
 * Stages out of `TYPE,TYPE:KEY=VALUE,KEY=VALUE`, once or several times, in their order. As in other flags a comma goes on with keys where
 * one follows; elsewhere it begins the next stage. A value that begins as JSON does is JSON, and stands last in its flag.
 * @throws Problem `invalid` naming the flag and the stage, never a value
 */
export const stagesIn = (values: readonly string[], flag: string): Stage[] =>
  values.flatMap((value) => {
    const stages: Stage[] = [];
    for (let rest = value.trim(); rest !== ""; ) {
      const [whole, type = "", opens] = stageWord.exec(rest) ?? [];
      if (whole === undefined) throw unreadable(flag);
      rest = rest.slice(whole.length);
      if (opens !== ":") stages.push({ type });
      else {
        const [config, left] = configIn(rest, `--${flag} ${type}`);
        stages.push({ type, config });
        rest = left;
      }
    }
    if (stages.length === 0) throw unreadable(flag);
    return stages;
  });

const stageWord = /^\s*([a-z0-9][a-z0-9-]*)\s*(?:(:)|,|$)/;
const pairWord = /^\s*([A-Za-z][A-Za-z0-9]*)=/;
const nextWord = /,(?=\s*(?:[A-Za-z][A-Za-z0-9]*=|[a-z0-9][a-z0-9-]*\s*(?:[:,]|$)))/;

/** The keys of one stage, and what follows it. */
function configIn(text: string, where: string): [Record<string, unknown>, string] {
  const config: Record<string, unknown> = {};
  let rest = text;
  for (;;) {
    const [whole, key] = pairWord.exec(rest) ?? [];
    if (whole === undefined || key === undefined) {
      if (Object.keys(config).length > 0) return [config, rest];
      throw new Problem("invalid", `${where}: KEY=VALUE is expected after the colon`);
    }
    if (key in config) throw new Problem("invalid", `${where} ${key} is given twice`);
    rest = rest.slice(whole.length);
    if (/^[[{"]/.test(rest)) return [{ ...config, [key]: jsonIn(rest, `${where} ${key}`) }, ""];
    const end = rest.search(nextWord);
    config[key] = plain(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? "" : rest.slice(end + 1);
    if (rest === "") return [config, ""];
  }
}

function jsonIn(text: string, where: string): unknown {
  const value = parsedJson(text);
  if (value !== undefined) return value;
  throw new Problem(
    "invalid",
    `${where} takes JSON, which stands last in its flag; repeat the flag for the next stage`,
  );
}

/** Numbers and yes or no as YAML reads them. */
function plain(given: string): unknown {
  const text = given.trim();
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

const unreadable = (flag: string) =>
  new Problem("invalid", `--${flag} takes stages: TYPE,TYPE or TYPE:KEY=VALUE,KEY=VALUE`, {
    hint: "mcpctl create proxymodel --help",
  });
