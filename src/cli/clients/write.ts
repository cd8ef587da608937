import { blotter } from "../../client/blot.ts";
import { carryOut, fileOf, type Plan, planOf } from "../../client/clients/set-up.ts";
import { isObject } from "../../lib/object.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { colouredChange } from "../printing/colour.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";
import { type Asked, lacksToken, mintCommand, placeholder, wiringOf } from "./asked.ts";
import { type Minted, mint, revoke } from "./mint.ts";
import { notesOf } from "./snippet.ts";

/** Puts the entry into the client's file. All that can be refused is refused before a token is minted; one whose file was not written ends. */
export async function write(asked: Asked, args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const { row, where, scope, bridge } = asked;
  if (row.file === undefined)
    throw usage(
      "config",
      `${row.title} has no file that mcpctl could write: leave out --write, and put what is printed into ${row.belongs}`,
    );
  if (lacksToken(asked))
    throw new Problem("invalid", `${row.title} takes the token itself, and there is none`, {
      hint: `add --mint, or --token $(${mintCommand(asked)})`,
    });
  const path = fileOf(row, row.file, where, scope, asked.path);
  const wiring = asked.mint ? wiringOf(asked, placeholder) : wiringOf(asked);
  const planFor = { row, file: row.file, path, wiring, bridge, home: env.home, force: args.has("force") };
  let plan = await planOf(planFor);
  let minted: Minted | undefined;
  if (asked.mint) {
    minted = await mint(asked, args, env, plan.known?.token !== undefined && plan.known.project === wiring.project);
    plan = await planOf({ ...planFor, wiring: wiringOf(asked, minted.token) }).catch((error: unknown) =>
      giveBack(minted, error, args, env),
    );
  }
  const isNew = plan.text !== plan.found.text;
  const { name, project } = wiring;
  const token = minted === undefined ? plan.known?.token : { id: minted.id, name: minted.name };
  const about = { client: row.id, name, project, origin: asked.here, ...(token === undefined ? {} : { token }) };
  let copy: string | undefined;
  try {
    copy = carryOut(plan, about, env.home, env.now());
  } catch (error) {
    await giveBack(minted, error, args, env);
  }
  if (format === "json")
    return env.out(
      JSON.stringify(
        {
          client: row.id,
          file: path,
          name,
          project,
          url: wiring.url,
          changed: isNew,
          ...(copy === undefined ? {} : { backup: copy }),
          ...(token === undefined ? {} : { token }),
        },
        null,
        2,
      ),
    );
  if (args.has("quiet")) return env.out(path);
  if (!isNew) return env.out(`${path} says so already: nothing was changed`);
  const say = (line: string) => env.out(fitted(line, env.screen));
  say(`${path} ${plan.found.text === undefined ? "made" : "changed"}`);
  for (const line of differences(plan)) env.out(colouredChange(line, env));
  if (copy !== undefined) say(`As it was: ${copy}`);
  if (minted !== undefined)
    say(`Token "${minted.name}" minted for project "${project}"; it stands in the file and nowhere else.`);
  for (const note of warningsOf(plan, asked)) env.err(fitted(`warning: ${note}`, env.screen));
  for (const note of notesOf(asked, asked.mint ? { ...wiring, variable: undefined } : wiring)) say(`- ${note}`);
  say(`Next: mcpctl config ${row.id} -p ${project}${asked.name === undefined ? "" : ` --name ${name}`} --check`);
}

async function giveBack(minted: Minted | undefined, error: unknown, args: Args, env: Env): Promise<never> {
  if (minted !== undefined) await revoke(minted.id, args, env).catch(() => {});
  throw error;
}

/** What of the entry is new and what goes, a line for each value in it; never a secret. */
function differences({ changes, old }: Plan): string[] {
  const clean = blotter([...changes.map(({ value }) => value), old].flatMap((value) => secretsIn(value, false)));
  const [first, ...also] = changes;
  const entry = compared(old, first.value);
  const others = also.flatMap(({ at, value }) => [`  ${at.join(".")}`, ...compared(undefined, value)]);
  return [`  ${first.at.join(".")}`, ...entry, ...others].map((line) => printable(clean(line)));
}

function compared(old: unknown, now: unknown): string[] {
  const [before, after] = [leavesOf(old, ""), leavesOf(now, "")];
  const keys = [...new Set([...after.keys(), ...before.keys()])];
  const width = Math.max(...keys.map((key) => key.length));
  return keys.flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    const line = (sign: string, value: string) => `${sign}   ${key.padEnd(width)}  ${value}`.trimEnd();
    if (was === is) return [line(" ", is ?? "")];
    return [...(was === undefined ? [] : [line("-", was)]), ...(is === undefined ? [] : [line("+", is)])];
  });
}

/** Every value that is no map, by the way to it. */
function leavesOf(value: unknown, path: string): Map<string, string> {
  if (value === undefined) return new Map();
  if (!isObject(value) || Object.keys(value).length === 0)
    return new Map([[path, typeof value === "string" ? value : JSON.stringify(value)]]);
  const inner = Object.entries(value).flatMap(([key, one]) => [...leavesOf(one, path === "" ? key : `${path}.${key}`)]);
  return new Map(inner);
}

/** Texts where clients keep secrets: in headers and environments. Addresses are none, and neither is a variable's name. */
function secretsIn(value: unknown, isInside: boolean): string[] {
  if (typeof value === "string") {
    const secret = value.replace(/^(Bearer|Basic) /, "");
    return isInside && !/^https?:\/\/[^@]*$|^[${]/.test(secret) ? [secret] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(item, isInside));
  if (!isObject(value)) return [];
  const keeps = (key: string) => /header|env|auth|token|key/i.test(key) && key !== "bearer_token_env_var";
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, isInside || keeps(key)));
}

/** A token in a file that others may read, or that is shared with its folder. */
function warningsOf({ found, changes }: Plan, { row, scope }: Asked): string[] {
  if (secretsIn(changes[0].value, false).length === 0) return [];
  const isOpen = ((found.mode ?? 0o600) & 0o077) !== 0 && process.platform !== "win32";
  const isShared = scope === "project" || row.file?.user === undefined;
  return [
    ...(isOpen ? [`${found.path} holds a token, and others may read it: chmod 600 ${found.path}`] : []),
    ...(isShared ? [`${found.path} holds a token: keep it out of what you share of this folder`] : []),
  ];
}
