import type { Client } from "../../client/client.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { changeIn, draftOf, instructions, withNotes, withoutNotes } from "../draft.ts";
import type { Env } from "../environment.ts";
import { instead } from "../instead.ts";
import { formatOf, printResources } from "../output.ts";
import { usage } from "../parse.ts";
import { scratchFile } from "../scratch.ts";
import { clientFor, kindAndNames, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";
import { showWarnings } from "../warnings.ts";

/** Several of a kind one after the other; what goes wrong with one ends it, with the others as they are. */
export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const format = formatOf(args);
  if (!kind.verbs.includes("update"))
    throw new Problem("invalid", `${kind.plural} are not edited`, { hint: instead[kind.kind] ?? "mcpctl edit --help" });
  if (names.length === 0) throw usage("edit", `which ${kind.kind}?`);
  const client = clientFor(args, env);
  const project = projectFor(kind, args, names);
  // All of them first: of a misspelt one a person wants to hear before typing.
  for (const item of await Promise.all(names.map((name) => client.get(kind, name, project)))) {
    const saved = await edit(kind, item, client, env);
    if (saved === undefined) env.err("Edit cancelled, no changes made.");
    else if (args.flag("output") !== undefined) printResources(kind, [saved], true, format, env);
    else if (!args.has("quiet"))
      env.out(`${kind.kind}/${saved.name} ${saved.version === item.version ? "unchanged" : "edited"}`);
    if (saved !== undefined) showWarnings(saved.status?.["warnings"], `${kind.kind}/${saved.name}`, format, env);
  }
}

/**
 * Editor, check, send; again with what was wrong on top, for as long as somebody sits there and the text keeps changing.
 * @throws Problem saying where the text is kept: what was typed is never lost
 */
async function edit(kind: AnyKind, first: Resource, client: Client, env: Env): Promise<Resource | undefined> {
  const file = scratchFile(`${kind.kind}-${first.name}.yaml`);
  let asked: Asked = { item: first, text: draftOf(kind, first), notes: [] };
  for (;;) {
    const { item, refusal } = asked;
    file.write(withNotes([...asked.notes, ...instructions(kind, item)], asked.text));
    const failure = await opened(file.path, env);
    const text = withoutNotes(file.read());
    if (text === "" || (text === asked.text && refusal === undefined)) {
      file.remove();
      if (failure !== undefined) throw failure;
      return undefined;
    }
    const stuck = failure ?? (text === asked.text ? refusal : undefined);
    if (stuck !== undefined) throw kept(stuck, kind, file.path);
    try {
      const change = changeIn(kind, item, text);
      const fields = { ...change?.fields, name: item.name };
      const saved = change && (await client.update(kind, item.name, fields, item.version));
      file.remove();
      return saved;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const answer = await answerTo(error, kind, item, client);
      if (!env.isInteractive || !mendable.includes(answer.refusal.code)) throw kept(answer.refusal, kind, file.path);
      asked = { text, ...answer };
    }
  }
}

/** What the editor is opened on: the resource as it is known, the text, and why the text before it was refused. */
type Asked = { item: Resource; text: string; notes: readonly string[]; refusal?: Problem };
type Answer = { item: Resource; notes: readonly string[]; refusal: Problem };

/** What more typing in the editor can mend. */
const mendable: readonly string[] = ["invalid", "forbidden", "conflict"];

async function opened(path: string, env: Env): Promise<Problem | undefined> {
  try {
    const code = await env.edit(path);
    return code === 0 ? undefined : new Problem("invalid", `the editor ended with ${code}; nothing was changed`);
  } catch (error) {
    return error instanceof Problem ? error : new Problem("internal", messageOf(error), { cause: error });
  }
}

/** After a conflict the next attempt is about the version that is shown with it, and about no later one. */
async function answerTo(refusal: Problem, kind: AnyKind, item: Resource, client: Client): Promise<Answer> {
  if (refusal.code !== "conflict") {
    const lines = (refusal.fields ?? []).map(({ path, message }) => `  ${path}: ${message}`);
    return { item, notes: [`error: ${refusal.message}`, ...lines, ""], refusal };
  }
  try {
    const current = await client.get(kind, item.name, item["project"] as string | undefined);
    const words = `${refusal.message}: it is version ${current.version} now, and version ${item.version} was edited`;
    const notes = [`error: ${words}. This is what it is now, and yours is below:`, "", draftOf(kind, current), ""];
    return { item: current, notes, refusal: new Problem("conflict", words) };
  } catch (error) {
    return { item, notes: [], refusal: error instanceof Problem ? error : refusal };
  }
}

function kept({ code, message, fields, hint, status }: Problem, kind: AnyKind, path: string): Problem {
  const secret = kind.writeOnly === undefined ? "" : ", and delete it: it may hold secrets";
  const goOn = `your text is kept in ${path}; mend it there, then mcpctl apply -f ${path}${secret}`;
  return new Problem(code, message, {
    ...(fields === undefined ? {} : { fields }),
    hint: hint === undefined ? goOn : `${hint}; ${goOn}`,
    status,
  });
}
