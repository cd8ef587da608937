import { printable } from "../lib/printable.ts";
import type { TemplateFields } from "../resources/template.ts";
import type { Env } from "./environment.ts";
import { columns, fitted, wrappedCommand } from "./wrap.ts";

/** How a server is made of a template: the commands as they are typed, and what it asks for besides. */
export function templateUsage(template: TemplateFields & { name: string }, env: Env): string {
  const { name, arguments: args = [], env: variables = [], headers = [] } = template;
  const values = [
    ...variables.map((one) => ({ ...one, flag: "env" })),
    ...headers.map((one) => ({ ...one, flag: "headers" })),
  ];
  const secrets = values.filter(({ required, secret }) => required === true && secret === true);
  const plain = values.filter(
    ({ required, secret, default: usual }) => required === true && secret !== true && usual === undefined,
  );
  const words = [
    ...args.filter(({ required }) => required === true).map((one) => `--arg ${one.name}=…`),
    ...plain.map((one) => `--${one.flag} ${one.name}=…`),
    ...(secrets.length === 0 ? [] : [`--env-from-secret ${name}`]),
  ];
  const commands = [
    ...(secrets.length === 0
      ? []
      : [`mcpctl create secret ${name} ${secrets.map((one) => `--data ${one.name}=…`).join(" ")}`]),
    ["mcpctl create server", name, "--from-template", name, ...words].join(" "),
  ];
  const rows = [
    ...args.map((one) => [
      `--arg ${one.name}=…`,
      saidOf(one),
      one.repeated === true ? "may be given several times" : "",
    ]),
    ...values.map((one) => [
      `--${one.flag} ${one.name}=…`,
      saidOf(one),
      one.secret === true ? "belongs into a secret" : "",
    ]),
  ].map(([left = "", ...right]) => [printable(left), printable(right.filter((part) => part !== "").join("; "))]);
  return [
    "To make a server of it:",
    ...commands.map((command) => wrappedCommand(printable(command), env.screen, "  ")),
    ...(rows.length === 0 ? [] : ["What it asks for:", columns(rows, env.screen)]),
    fitted("A server runs with the rights of mcpctl serve: making one takes servers-execute.", env.screen),
  ].join("\n");
}

type Asked = { description?: string; required?: boolean; default?: string };
const saidOf = ({ description = "", required, default: usual }: Asked): string =>
  [description, required === true ? "required" : "", usual === undefined ? "" : `${usual} when absent`]
    .filter((part) => part !== "")
    .join("; ");
