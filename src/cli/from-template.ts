import type { Client } from "../client/client.ts";
import { Secret } from "../resources/secret.ts";
import type { Valued } from "../resources/server-fields.ts";
import { runsOf, Template, type TemplateFields } from "../resources/template.ts";
import { fromTemplate } from "../resources/templates/fill.ts";
import { dryRunOf } from "./dry-run.ts";
import { pair } from "./kind-flags.ts";
import { usage } from "./parse.ts";
import { isAway } from "./session.ts";
import type { Args } from "./verb.ts";

/** A server's fields, as far as a template gives them, and what is told once it is made. */
export type OfTemplate = { fields: Record<string, unknown>; told: string[]; notes: string[] };

/**
 * `--from-template` and what belongs to it; `own` are the fields that other flags give, which come before the template's. Undefined without a
 * template. @throws Problem `invalid` naming what is missing, `not_found`
 */
export async function templateFrom(
  own: Record<string, unknown>,
  args: Args,
  client: Client,
): Promise<OfTemplate | undefined> {
  const name = args.flag("from-template");
  const fromSecret = args.flag("env-from-secret");
  if (name === undefined) {
    const idle = fromSecret === undefined ? args.flags("arg").length > 0 && "arg" : "env-from-secret";
    if (idle !== false) throw usage("create", `--${idle} says what a template asks for: give --from-template too`);
    return undefined;
  }
  const template = await templateNamed(name, args, client);
  const secret = fromSecret === undefined ? undefined : await secretNamed(fromSecret, template, args, client);
  const { fields, notes } = fromTemplate(template, {
    env: (own["env"] ?? []) as Valued[],
    headers: (own["headers"] ?? []) as Valued[],
    secret,
    arguments: argumentsIn(args.flags("arg")),
  });
  const { env = [], headers = [] } = fields as { env?: Valued[]; headers?: Valued[] };
  const { env: ownEnv = [], headers: ownHeaders = [], ...flags } = own;
  const given = [...(ownEnv as Valued[]), ...(ownHeaders as Valued[])].map((one) => one.name);
  return {
    fields: { ...fields, ...flags },
    told: [
      `from template ${template.name}: ${runsOf({ ...template, ...flags })}`,
      ...[...env, ...headers].map((one) => told(one, given)),
    ],
    notes,
  };
}

type Named = TemplateFields & { name: string };

/** For a draft ours are enough, and what is in a secret is taken on trust. */
const isDraft = (error: unknown, args: Args): boolean => isAway(error) && dryRunOf(args) === "client";

async function templateNamed(name: string, args: Args, client: Client): Promise<Named> {
  try {
    return (await client.get(Template, name)) as unknown as Named;
  } catch (error) {
    if (!isDraft(error, args)) throw error;
    const { shippedTemplates } = await import("../resources/templates/shipped.ts");
    const shipped = shippedTemplates.find((template) => template.name === name);
    if (shipped === undefined) throw error;
    return shipped as unknown as Named;
  }
}

async function secretNamed(name: string, { env = [], headers = [] }: Named, args: Args, client: Client) {
  try {
    const secret = await client.get(Secret, name);
    return { name: secret.name, keys: (secret["keys"] as string[] | undefined) ?? [] };
  } catch (error) {
    if (!isDraft(error, args)) throw error;
    return { name, keys: [...env, ...headers].filter(({ secret }) => secret === true).map((one) => one.name) };
  }
}

/** Where a value comes from, never the value. */
const told = ({ name, valueFrom }: Valued, given: readonly string[]): string =>
  valueFrom === undefined
    ? `${name} as ${given.includes(name) ? "given" : "the template says"}`
    : `${name} from secret ${valueFrom.secretRef.name}`;

function argumentsIn(flags: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const flag of flags) {
    const [name, value] = pair(flag, "arg");
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}
