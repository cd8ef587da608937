import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import type { ClientRow, Scope, Where, Wiring } from "../../client/clients/client.ts";
import { clientRow } from "../../client/clients/index.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { usage } from "../parse.ts";
import { clientFor, projectNeeded } from "../session.ts";
import type { Args } from "../verb.ts";

/** A command line about one client, understood. */
export type Asked = {
  row: ClientRow;
  where: Where;
  scope: Scope | undefined;
  /** The file that --file names. */
  path: string | undefined;
  project: string | undefined;
  name: string | undefined;
  /** Where mcpctl answers, as this terminal reaches it and as the client does. */
  here: string;
  there: string;
  token: string | undefined;
  mint: boolean;
  bridge: boolean;
};

/** From which clients read the token when it is not given to them. */
export const variable = "MCPCTL_TOKEN";
/** What stands where a token is missing. */
export const placeholder = "PASTE_A_TOKEN_HERE";

/** @throws Problem `invalid` */
export function askedOf(args: Args, env: Env): Asked {
  const row = clientRow(args.words[0] ?? "");
  const deeds = ["write", "undo", "check"].filter((flag) => args.has(flag));
  if (deeds.length > 1) throw usage("config", `give one of --${deeds.join(" and --")}, not both`);
  const [token, mint] = [args.flag("token"), args.has("mint")];
  if (token !== undefined && mint) throw usage("config", "--token and --mint exclude each other");
  if (token !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(token))
    throw usage("config", "--token has characters that no header may hold, or is empty");
  if (args.flag("ttl") !== undefined && !mint) throw usage("config", "--ttl goes with --mint");
  const scope = args.flag("scope");
  if (scope !== undefined && scope !== "user" && scope !== "project")
    throw usage("config", "--scope takes user or project");
  const name = args.flag("name");
  if (name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
    throw usage("config", "--name takes letters, digits, - and _");
  const bridge = args.has("bridge");
  if (bridge && row.file === undefined)
    throw usage("config", `${row.title} starts no program by a file of its own: --bridge is not for it`);
  const here = clientFor(args, env, "token").url;
  const file = args.flag("file");
  if (file !== undefined && row.file === undefined) throw usage("config", `${row.title} has no file of its own`);
  return {
    row,
    where: whereOf(env),
    scope,
    path: file === undefined ? undefined : resolve(file),
    // What was set up before says itself for which project.
    project: args.has("check") || args.has("undo") ? args.flag("project") : projectNeeded(args),
    name,
    here,
    there: addressOf(args.flag("endpoint"), here),
    token,
    mint,
    bridge: bridge || row.transport === "bridge",
  };
}

export const whereOf = (env: Env): Where => ({
  platform: process.platform,
  home: dirname(env.home),
  folder: process.cwd(),
  variables: env.variables,
});

/** @throws Problem `invalid` when no project was named */
export function projectOf({ row, project }: Asked): string {
  if (project) return project;
  throw new Problem("invalid", "for which project?", {
    hint: `mcpctl config ${row.id} -p PROJECT; mcpctl get projects lists them`,
  });
}

/** What the client is to be told, with this token, or with what stands in its place. */
export function wiringOf(asked: Asked, token = asked.token): Wiring {
  const { row, there, bridge } = asked;
  const project = projectOf(asked);
  const name = asked.name ?? row.usualName ?? project;
  const common = { name, project, url: endpointOf(row, there, project, name), origin: there, program: ownProgram() };
  if (token !== undefined) return { ...common, token, variable: undefined };
  // The bridge finds the login of who starts it.
  if (bridge) return { ...common, token: "", variable };
  if (row.reference !== undefined) return { ...common, token: row.reference(variable), variable };
  return { ...common, token: placeholder, variable: undefined };
}

/** Whether a client can be told nothing that works: it takes the token itself, and there is none. */
export const lacksToken = (asked: Asked): boolean =>
  asked.token === undefined && !asked.mint && !asked.bridge && asked.row.reference === undefined;

/** The command that makes the token which is missing. */
export const mintCommand = (asked: Asked): string =>
  `mcpctl token create ${tokenName(asked)} -p ${projectOf(asked)} --quiet`;

/** A token is known by who uses it and where. */
export function tokenName({ row }: Asked): string {
  const host = hostname().split(".")[0] ?? "";
  return `${row.id}-${host}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-|-$/g, "");
}

/** The address for the transport that the client speaks; one that names an endpoint already is taken as it is. */
function endpointOf({ transport }: ClientRow, there: string, project: string, name: string): string {
  if (/\/(mcp|sse)$/.test(new URL(there).pathname)) return there;
  const base = `${there.replace(/\/$/, "")}/projects/${encodeURIComponent(project)}`;
  return transport === "sse" ? `${base}/vllm/${encodeURIComponent(name)}/sse` : `${base}/mcp`;
}

function addressOf(endpoint: string | undefined, here: string): string {
  if (endpoint === undefined) return here;
  if (URL.canParse(endpoint)) {
    const { protocol, origin, pathname, username, search, hash } = new URL(endpoint);
    if (/^https?:$/.test(protocol) && `${username}${search}${hash}` === "") return origin + pathname.replace(/\/$/, "");
  }
  throw usage("config", "--endpoint takes a URL of http or https, such as http://host.docker.internal:3200");
}

/** How to start this program again: compiled it is one file, from source it is Bun with main.ts. */
function ownProgram(): [string, ...string[]] {
  const isCompiled = /\$bunfs|~BUN/.test(import.meta.url);
  return isCompiled ? [process.execPath] : [process.execPath, new URL("../../main.ts", import.meta.url).pathname];
}
