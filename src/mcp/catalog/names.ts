import { createHash } from "../../lib/crypto.ts";

/** The strictest of the clients' limits: OpenAI's and VS Code's 64 (reference/clients.md §6.4). */
const longest = 64;
const separator = "__";

/**
 * What a server's tool or prompt is called towards clients: `server__tool`, letters, digits, `_` and `-`, a letter first, at most 64.
 * A name that does not fit is shortened with a hash of the whole, so it is the same at every start and never another tool's.
 * A server's name holds no `_`, so no two servers share an exposed name.
 */
export const exposedName = (server: string, name: string): string =>
  fitting(`${server}${separator}${name}`, `${server}/${name}`);

/** Whose a name is by how it begins, of what is not known yet; undefined when it says nothing of that. */
export const ownerIn = <S extends { name: string }>(asked: string, servers: readonly S[]): S | undefined =>
  servers.find(({ name }) => asked.startsWith(`${name}${separator}`) || asked.startsWith(`${name}/`));

/** A toolchange's name: that of the tool, with a hash where it is what only some clients are told of it. */
export const changeName = (server: string, tool: string, variant: string): string =>
  variant === ""
    ? exposedName(server, tool)
    : shortened(`${server}${separator}${tool}`, `${server}/${tool} ${variant}`, 8);

/** The same without the server, for projects whose servers do not clash. */
export const plainName = (name: string): string => fitting(name, name);

/** A name that no server could choose for its tool: for what is shown when all better ones are another's. */
export const ownedName = (serverId: string, name: string): string => shortened(name, `${serverId}/${name}`, 16);

const fitting = (name: string, whole: string): string =>
  name.length <= longest && /^[A-Za-z][A-Za-z0-9_-]*$/.test(name) ? name : shortened(name, whole, 8);

function shortened(name: string, whole: string, digits: number): string {
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, digits);
  const legible = name.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^[^A-Za-z]+/, "");
  return `${(legible === "" ? "tool" : legible).slice(0, longest - digits - 1)}_${hash}`;
}

/** The name in RBAC, on the command line and in audit; understood in calls as well. */
export const canonicalName = (server: string, name: string): string => `${server}/${name}`;

/** A resource's URI where two servers of a project offer the same one; everywhere else the server's own is shown unchanged. */
export const qualifiedUri = (server: string, uri: string): string => `mcpctl://${server}/${encodeURIComponent(uri)}`;

/** The same of a template: written as it is, since what a client puts into it must come out as it would of the server's own. */
export const qualifiedTemplate = (server: string, template: string): string => `mcpctl://${server}/${template}`;

/** A colon is escaped in a URI that was qualified whole, and stands as it is in what a client made of a template. */
export function unqualifiedUri(uri: string): { server: string; uri: string } | undefined {
  const [, server, rest] = /^mcpctl:\/\/([a-z0-9-]+)\/(.+)$/.exec(uri) ?? [];
  if (server === undefined || rest === undefined) return undefined;
  try {
    return { server, uri: rest.includes(":") ? rest : decodeURIComponent(rest) };
  } catch {
    return undefined;
  }
}
