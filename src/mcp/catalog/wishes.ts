import { type Curation, type ProjectFields, serversOf } from "../../resources/project.ts";
import { paramHeadersOf } from "../param-headers.ts";
import type { Entry } from "./catalog.ts";
import { isOffered } from "./curation.ts";
import type { Wish } from "./given-names.ts";

/** What the project says of a server's tools, by the server's name. */
export function curationOf(fields: ProjectFields): (server: string) => Curation {
  const curations = new Map(serversOf(fields).map((curation) => [curation.server, curation]));
  return (server) => curations.get(server) ?? { server };
}

type Known = Pick<Entry, "offer"> & { server: { id: string; name: string } };

/** Without the tools that the project does not offer, and those that no client could call. */
export function withOffered<E extends Known>(entry: E, curation: Curation): E {
  const { offer } = entry;
  if (offer === undefined) return entry;
  const tools = offer.tools.filter(({ key, text }) => isOffered(curation, key) && "declared" in paramHeadersOf(text));
  return { ...entry, offer: { ...offer, tools } };
}

/** All that is to be named, in the project's order. */
export function wishesOf(
  list: "tools" | "prompts",
  entries: readonly Known[],
  curation: (server: string) => Curation,
): Wish[] {
  return entries.flatMap(({ server: { id: serverId, name: server }, offer }) => {
    const { rename = {} } = list === "tools" ? curation(server) : {};
    return (offer?.[list] ?? []).map(({ key: own }) => ({
      ...{ serverId, server, own },
      rename: Object.hasOwn(rename, own) ? rename[own] : undefined,
    }));
  });
}
