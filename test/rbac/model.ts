import type { Binding } from "../../src/resources/rbac.ts";

/**
 * The rules once more, as design §5 and the kinds' descriptions tell them, in the plainest words and without a line of src/rbac: what the
 * product says is compared with this. Nothing here is fast, and nothing is shared.
 */
export type Question =
  | { action: string }
  | { call: string; project?: string }
  | { verb: string; resource: string; name?: string };

const verbsOf: Record<string, string[]> = { edit: ["view", "create", "update", "delete"] };
const either = (held: string | undefined, asked: string | undefined) => held === "*" || held === asked;

/** A `*` is any run of characters on its side of the first slash; one that is asked for is reached by a `*` alone. */
const glob = (pattern: string) =>
  new RegExp(
    `^${pattern.replace(/[^*]/g, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`).replaceAll("*", "[^]*")}$`,
    "u",
  );
const cut = (text: string): [string, string] => [text.slice(0, text.indexOf("/")), text.slice(text.indexOf("/") + 1)];
export function toolMatches(pattern: string, tool: string): boolean {
  if (!pattern.includes("/") || !tool.includes("/")) return false;
  const [[server, name], [askedServer, askedName]] = [cut(pattern), cut(tool)];
  return glob(server).test(askedServer) && glob(name).test(askedName);
}

/** What one binding alone allows. */
export function allows({ role, resource, name, action }: Binding, asked: Question): boolean {
  if ("action" in asked) return action !== undefined && either(action, asked.action);
  if (action !== undefined) return false;
  if ("call" in asked) {
    if (role !== "run") return false;
    if (resource === "tools") return name === undefined || toolMatches(name, asked.call);
    return (resource === "*" || resource === "projects") && (name === undefined || name === asked.project);
  }
  const verbs = verbsOf[role] ?? [role];
  return verbs.includes(asked.verb) && either(resource, asked.resource) && (name === undefined || name === asked.name);
}

export type ModelToken = {
  project: string;
  owner: string;
  roleBindings: Binding[];
  tools?: string[];
  revoked?: boolean;
};
export type ModelWorld = {
  disabled: Set<string>;
  groups: Record<string, string[]>;
  definitions: { subjects: string[]; roleBindings: Binding[] }[];
  projects: Record<string, string[]>;
  tokens: Record<string, ModelToken>;
};

/** All that a subject such as `User:ann@example.com` is given, directly and through groups. */
const given = ({ groups, definitions }: ModelWorld, subject: string): Binding[] => {
  const name = subject.slice(subject.indexOf(":") + 1);
  const through = subject.startsWith("Group:") ? [] : Object.keys(groups).filter((g) => groups[g]?.includes(name));
  const names = [subject, ...through.map((group) => `Group:${group}`)];
  return definitions.flatMap((one) => (one.subjects.some((s) => names.includes(s)) ? one.roleBindings : []));
};

/** Whose bindings must agree: a person's own; a token's own and its owner's. */
function layersOf(world: ModelWorld, subject: string): Binding[][] {
  const token = world.tokens[subject];
  if (token === undefined) return [given(world, subject)];
  const tools = token.tools?.map((name): Binding => ({ role: "run", resource: "tools", name }));
  const use: Binding[] = tools ?? [{ role: "run", resource: "projects", name: token.project }];
  return [[...use, ...token.roleBindings, ...given(world, subject)], given(world, token.owner)];
}

/** Whether a project lets somebody in: all of it, or something of a server in it. Every pattern in these tests reaches the tool x. */
export function mayEnter(world: ModelWorld, subject: string, project: string): boolean {
  const token = world.tokens[subject];
  const account = token === undefined ? subject : token.owner;
  if (world.disabled.has(account) || token?.revoked === true || (token ?? { project }).project !== project)
    return false;
  const layers = layersOf(world, subject);
  const all = (asked: Question) => layers.every((bindings) => bindings.some((binding) => allows(binding, asked)));
  const run = { verb: "run", resource: "projects", name: project };
  return all(run) || (world.projects[project] ?? []).some((server) => all({ call: `${server}/x`, project }));
}

/** Of a token or prompt that is asked about: its project, and whose a token is. A prompt's is empty when it is of every project; of what is not there a token is told nothing. */
export type About = { project: string; owner?: string; isAbsent?: boolean };

/** What every project is told is for those who may write all prompts, not those of one name. */
const ofAll = (asked: Question, about?: About): Question =>
  "verb" in asked && asked.resource === "prompts" && asked.verb !== "view" && about?.project === ""
    ? { verb: asked.verb, resource: asked.resource }
    : asked;

/** Whether a subject may do this now. A person sees and ends their own tokens without any right to. */
export function may(world: ModelWorld, subject: string, question: Question, about?: About): boolean {
  const asked = ofAll(question, about);
  const token = world.tokens[subject];
  if (token === undefined) {
    const isOwn = "verb" in asked && ["view", "delete"].includes(asked.verb) && about?.owner === subject;
    return !world.disabled.has(subject) && (isOwn || given(world, subject).some((binding) => allows(binding, asked)));
  }
  if (token.revoked === true || world.disabled.has(token.owner)) return false;
  const within = withinWall(
    world,
    token,
    "call" in question ? { project: token.project, ...question } : question,
    about,
  );
  const inside = "call" in asked ? { project: token.project, ...asked } : asked;
  const agreed = layersOf(world, subject).every((bindings) => bindings.some((binding) => allows(binding, inside)));
  return agreed && within;
}

/**
 * A token reaches nothing outside its project: the project itself, its tokens and prompts; it only looks at the servers in it, and at the
 * prompts of every project.
 */
function withinWall({ projects }: ModelWorld, { project, tools }: ModelToken, asked: Question, about?: About): boolean {
  if ("action" in asked) return ["logs", "audit-read"].includes(asked.action);
  if ("call" in asked)
    return asked.project === project && (tools ?? ["*/*"]).some((pattern) => toolMatches(pattern, asked.call));
  const { verb, resource, name } = asked;
  if (resource === "projects") return name === project && verb !== "create";
  if (resource === "servers") return verb === "view" && projects[project]?.includes(name ?? "") === true;
  if (about?.isAbsent === true) return false;
  if (resource === "prompts" && about?.project === "") return verb === "view";
  return ["mcptokens", "prompts"].includes(resource) && verb !== "run" && about?.project === project;
}
