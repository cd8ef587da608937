import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { inTurns } from "../../lib/share.ts";
import { turn } from "../../lib/wait.ts";
import type { Curation, ProjectFields } from "../../resources/project.ts";
import { type ExposedName, insertExposedName, listExposedNames } from "../../storage/exposed-names.ts";
import type { Database } from "../../storage/op.ts";
import type { Entry } from "./catalog.ts";
import { giveNames, type NameStyle, type Names, type Owner, type Wish } from "./given-names.ts";
import { writeInTurns } from "./in-turns.ts";
import type { UriOwners } from "./uri-owners.ts";
import { buildView, type View } from "./view.ts";
import { curationOf, wishesOf, withOffered } from "./wishes.ts";

/**
 * What an endpoint shows: `project` as the project says, `vllm` the same with schemas inline, `server` the one server of its entries with its
 * own names and URIs.
 */
export type Variant = "project" | "vllm" | "server";

/** What of the project the view depends on. */
export type Shown = { id: string; fields: ProjectFields };

/** Shows a project's entries to its clients under names that stay what they are. */
export function createExposure(db: Database, log: Log, uriOwners: UriOwners) {
  async function view({ id, fields }: Shown, entries: readonly Entry[], variant: Variant): Promise<View> {
    const curation = curationOf(fields);
    const speakerOf = (uri: string) => uriOwners.ownerOf(id, uri);
    const offered = entries.map((entry) => withOffered(entry, curation(entry.server.name)));
    if (variant === "server") {
      // Names and texts stay the server's; what the project fixes about a call is no matter of names.
      const preset = (server: string): Curation => ({ server, arguments: curation(server).arguments ?? {} });
      return await buildView(offered, { naming: "own", schemas: "asis", curation: preset, speakerOf });
    }
    const wishes = { tools: wishesOf("tools", offered, curation), prompts: wishesOf("prompts", offered, curation) };
    await turn();
    const naming = await namesOf(id, wishes, fields.toolNames ?? "prefixed");
    const schemas = variant === "vllm" ? "inline" : (fields.schemas ?? "asis");
    return await buildView(offered, { naming, schemas, curation, speakerOf });
  }

  /** A name is shown once it is stored, so that no restart can give it to another. What could not be stored waits for the next time. */
  async function namesOf(projectId: string, wishes: Wishes, style: NameStyle): Promise<GivenNames> {
    const named = async () => {
      const stored = await db.read(() => listExposedNames(projectId));
      // Ten thousand names take a good part of a turn to read.
      await turn();
      return await giveAll(wishes, stored, style);
    };
    let names = await named();
    try {
      // Somebody else may have been given one of them meanwhile: what counts is what is read back.
      for (let tries = 0; tries < mostTries && freshIn(names).length > 0; tries++) {
        await writeInTurns(db, freshIn(names), (name) => insertExposedName(projectId, name));
        names = await named();
      }
    } catch (error) {
      log.warn("names of tools cannot be stored, new ones are not shown", { reason: messageOf(error) });
    }
    return freshIn(names).length === 0
      ? names
      : { tools: withoutFresh(names.tools), prompts: withoutFresh(names.prompts) };
  }

  return { view };
}

const mostTries = 3;
const lists = ["tools", "prompts"] as const;
type NamedList = (typeof lists)[number];
type Wishes = Record<NamedList, Wish[]>;
type GivenNames = Record<NamedList, Names>;

async function giveAll(wishes: Wishes, stored: readonly ExposedName[], style: NameStyle): Promise<GivenNames> {
  const give = async (list: NamedList) => {
    const before = new Map<string, Owner>();
    for (const { list: of, shown, serverId, own } of stored) if (of === list) before.set(shown, { serverId, own });
    return await inTurns(giveNames(wishes[list], before, style));
  };
  return { tools: await give("tools"), prompts: await give("prompts") };
}

const freshIn = (names: GivenNames): ExposedName[] =>
  lists.flatMap((list) => [...names[list].fresh].map(([shown, owner]) => ({ list, shown, ...owner })));

function withoutFresh({ shownOf, given, fresh }: Names): Names {
  const kept = new Map([...given].filter(([name]) => !fresh.has(name)));
  const known = (owner: Owner) => {
    const name = shownOf(owner);
    return name === undefined || fresh.has(name) ? undefined : name;
  };
  return { shownOf: known, given: kept, fresh: new Map() };
}
