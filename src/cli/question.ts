import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import { actions } from "../resources/rbac.ts";
import type { Env } from "./environment.ts";
import { clientFor, kindOf } from "./session.ts";
import type { Args } from "./verb.ts";

type Permission = { binding: string; from: string; via?: string };

/** What the server says to "may I, and why". */
export type Answer = {
  allowed: boolean;
  subject: string;
  right: string;
  by?: (Permission & { who: string })[];
  missing?: string;
  who?: string;
  because?: string;
  layers: { who: string; by: Permission[]; near: (Permission & { lacks: string })[] }[];
};

/** `edit` is what a role is called, `update` what is done; people say either. */
const verbs: Record<string, string> = {
  view: "view",
  get: "view",
  list: "view",
  create: "create",
  edit: "update",
  update: "update",
  delete: "delete",
  run: "run",
};

/** Asks what `auth can-i` and `auth explain` are about. @throws Problem `invalid` */
export async function ask(args: Args, env: Env): Promise<Answer> {
  const as = args.flag("as");
  const body = { ...questionFrom(args), ...(as === undefined ? {} : { as }) };
  return (await clientFor(args, env).json("POST", "/api/v1/auth/can-i", body)) as Answer;
}

function questionFrom(args: Args): Record<string, string> {
  const [first = "", target, separateName] = args.words;
  const action = first === "run" && target !== undefined && isAction(target) ? target : first;
  if (isAction(action)) return { action };
  const verb = Object.hasOwn(verbs, first) ? verbs[first] : undefined;
  if (verb === undefined) throw unknownVerb(first);
  if (target === undefined)
    throw new Problem("invalid", `${first} what?`, { hint: `mcpctl auth can-i ${first} KIND[/NAME]` });
  const slash = target.indexOf("/");
  const [word, name] = slash < 0 ? [target, separateName] : [target.slice(0, slash), target.slice(slash + 1)];
  const resource = word === "tool" || word === "tools" ? "tools" : kindOf(word).plural;
  const project = args.flag("project");
  return { verb, resource, ...(name === undefined ? {} : { name }), ...(project === undefined ? {} : { project }) };
}

const isAction = (word: string): boolean => (actions as readonly string[]).includes(word);

function unknownVerb(word: string): Problem {
  const words = [...Object.keys(verbs), ...actions];
  return new Problem("invalid", `there is no verb or action "${word}".${didYouMean(word, words)}`, {
    hint: `verbs: ${Object.keys(verbs).join(", ")}; actions: ${actions.join(", ")}`,
  });
}

/** `role:view,resource:servers from docs (through Group:docs-team)` */
export const shown = ({ binding, from, via }: Permission): string =>
  `${binding} from ${from}${via === undefined ? "" : ` (through ${via})`}`;
