import { Problem } from "../../lib/problem.ts";
import { answerMs } from "./links.ts";
import type { PromptShelf, Shelved } from "./shelf.ts";
import type { Trail } from "./trail.ts";

/** One entry of a list, as clients are given it: what it is asked for by, and its JSON. */
export type OwnItem = { name: string; text: string };
/** One that is not listed, and why. */
export type LeftOut = { server: string; reason: string };

type Reader = Pick<PromptShelf, "of" | "read">;

const mediaType = "text/markdown";
const uriOf = (project: string, name: string) => `mcpctl://prompts/${project}/${name}`;

/** The prompts of a project as MCP has prompts and resources: for everybody who may use its endpoint, since they are its words to their models. */
export function createServed(shelf: Reader) {
  const named = (project: string, name: string) => shelf.of(project).find((one) => one.name === name);
  /** The name in a URI of this very project; other projects' are a server's, if anybody's. */
  function nameIn(project: string, uri: string): string | undefined {
    const beginning = uriOf(project, "");
    return uri.startsWith(beginning) ? uri.slice(beginning.length) : undefined;
  }
  /** Whoever asks for one text waits as long as for a server. */
  const read = (project: string, name: string, trail: Trail) =>
    shelf.read(project, name, { patienceMs: answerMs, trail });

  return {
    /** As `prompts/list` has them. */
    ownPrompts: (project: string): OwnItem[] => shelf.of(project).map(promptOf),
    /** As `resources/list` has them, named by their URIs. */
    ownResources: (project: string): OwnItem[] => shelf.of(project).map((one) => resourceOf(project, one)),
    hasPrompt: (project: string, name: string): boolean => named(project, name) !== undefined,
    /** Whether it is a URI of this project's prompts, of one that is there or not. */
    ownsUri: (project: string, uri: string): boolean => nameIn(project, uri) !== undefined,
    /** The result of `prompts/get`. `trail` is what the request came with. @throws Problem `not_found`, `unavailable` */
    async getOwnPrompt(project: string, name: string, trail: Trail = []): Promise<string> {
      const text = await read(project, name, trail);
      const description = describedBy(named(project, name));
      const messages = [{ role: "user", content: { type: "text", text } }];
      return JSON.stringify({ ...description, messages });
    },
    /** The result of `resources/read`. @throws Problem `not_found`, `unavailable` */
    async readOwnResource(project: string, uri: string, trail: Trail = []): Promise<string> {
      const name = nameIn(project, uri);
      if (name === undefined) throw new Problem("not_found", "This is no prompt of this project");
      return JSON.stringify({ contents: [{ uri, mimeType: mediaType, text: await read(project, name, trail) }] });
    },
  };
}
export type Served = ReturnType<typeof createServed>;

function describedBy(shelved: Shelved | undefined): { description?: string } {
  const words = shelved?.description ?? shelved?.summary ?? "";
  return words === "" ? {} : { description: words };
}

const promptOf = (shelved: Shelved): OwnItem => ({
  name: shelved.name,
  text: JSON.stringify({ name: shelved.name, ...describedBy(shelved) }),
});

/** MCP counts importance from 0 to 1, and prompts of mcpctl from 1 to 10. */
function resourceOf(project: string, shelved: Shelved): OwnItem {
  const uri = uriOf(project, shelved.name);
  const { bytes } = shelved;
  const size = bytes === undefined ? {} : { size: bytes };
  const annotations = { audience: ["assistant"], priority: shelved.priority / 10 };
  const text = JSON.stringify({
    uri,
    name: shelved.name,
    ...describedBy(shelved),
    mimeType: mediaType,
    ...size,
    annotations,
  });
  return { name: uri, text };
}

/**
 * Pure: those of a project's own that have a name to be listed by. What a server offers keeps its name, since whoever calls it by that means the
 * server's; the text is still there as a resource, and at the gate.
 */
export function besideServers(
  own: readonly OwnItem[],
  theirs: ReadonlySet<string> | ReadonlyMap<string, unknown>,
): { listed: readonly OwnItem[]; leftOut: readonly LeftOut[] } {
  const listed = own.filter(({ name }) => !theirs.has(name));
  const leftOut = own
    .filter(({ name }) => theirs.has(name))
    .map(({ name }) => ({
      server: "mcpctl",
      reason: `the project's prompt "${name}" has the name of a server's prompt`,
    }));
  return { listed, leftOut };
}
