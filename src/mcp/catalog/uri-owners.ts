import { remember } from "../../lib/remember.ts";
import { elementsOf, memberOf, membersOf, memberText } from "../spans.ts";

const mostProjects = 1_000;
const mostUris = 1_000;
const mostInResult = 200;
const longestUri = 2_048;

/**
 * Which server of a project spoke of a URI in a result, for those that it lists nowhere: a link in an answer can be read. The first server that
 * speaks of a URI keeps it for as long as it is remembered. Bounded: what was not spoken of for longest is forgotten.
 */
export type UriOwners = ReturnType<typeof createUriOwners>;

export function createUriOwners() {
  const projects = new Map<string, Map<string, string>>();

  return {
    /**
     * Of a result as JSON text; costs one search where nothing of this kind is in it. `bones` is the message that it came in, without its long
     * strings, none of which is looked for.
     */
    learn(projectId: string, serverId: string, result: string, bones?: string): void {
      if (!(bones ?? result).includes('"resource')) return;
      const uris = urisIn((bones === undefined ? result : memberOf(bones, "result")) ?? "");
      if (uris.length === 0) return;
      const owners = projects.get(projectId) ?? new Map<string, string>();
      for (const uri of uris) {
        if ((owners.get(uri) ?? serverId) === serverId) remember(owners, uri, serverId, mostUris);
      }
      remember(projects, projectId, owners, mostProjects);
    },
    /** The id of the server. */
    ownerOf: (projectId: string, uri: string): string | undefined => projects.get(projectId)?.get(uri),
    /** Lets go of what servers said that are no more. */
    prune(serverIds: ReadonlySet<string>): void {
      for (const owners of projects.values())
        for (const [uri, serverId] of owners) if (!serverIds.has(serverId)) owners.delete(uri);
    },
    forget: (projectId: string): void => void projects.delete(projectId),
  };
}

/** The links and embedded resources of a tool's `content` and of a prompt's `messages`. */
function urisIn(result: string): string[] {
  if (!result.startsWith("{")) return [];
  const members = membersOf(result);
  const messages = listIn(memberText(result, members, "messages"));
  const blocks = [
    ...listIn(memberText(result, members, "content")),
    ...messages.map((message) => memberOf(message, "content") ?? ""),
  ];
  return blocks
    .filter((block) => block.includes('"resource'))
    .slice(0, mostInResult)
    .flatMap(uriIn);
}

function uriIn(block: string): string[] {
  if (!block.startsWith("{")) return [];
  const members = membersOf(block);
  const type = memberText(block, members, "type");
  const holder = type === '"resource"' ? (memberText(block, members, "resource") ?? "") : block;
  if ((type !== '"resource"' && type !== '"resource_link"') || !holder.startsWith("{")) return [];
  const uri = memberOf(holder, "uri");
  // One without anything in it may have been a long one.
  return uri?.startsWith('"') === true && uri.length > 2 && uri.length <= longestUri ? [JSON.parse(uri) as string] : [];
}

const listIn = (text: string | undefined): string[] =>
  text?.startsWith("[") === true
    ? elementsOf(text)
        .map(({ start, end }) => text.slice(start, end))
        .filter((element) => element.startsWith("{"))
    : [];
