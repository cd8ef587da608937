import type { Ending } from "../lib/ending.ts";
import type { AuditActor } from "../resources/audit.ts";
import { type ProjectLimits, projectLimitsOf } from "../resources/limits.ts";
import type { ProjectFields } from "../resources/project.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerRef } from "./upstream/connections.ts";

/** What the caller was let into: one project and its servers, as they are at this moment. */
export type Admission = {
  project: { id: string; name: string; version: number; fields: ProjectFields };
  servers: readonly ServerRef[];
  /** Whether anything of a server is open to the caller, and so that it is missing is theirs to know; undefined when all are. */
  reaches: ((server: string) => boolean) | undefined;
  /** Whether the caller may use a tool of a server, or without a tool all that is no single tool; undefined when nothing is closed. */
  mayCall: ((server: string, tool: string | undefined) => boolean) | undefined;
  /** What `mayCall` decides by, in words; undefined when nothing is closed. */
  policy: (() => string) | undefined;
  /** Only tools that change nothing. */
  readOnly: boolean;
  /** Who calls, by id, so that nobody is given what belongs to somebody else: a name may be another's tomorrow. */
  principal: string;
  /** The same in words, and from where: for the audit log. */
  actor: AuditActor;
  address: string | undefined;
};

/** A request that was let in. */
export type Visit = {
  request: Request;
  endpoint: Endpoint;
  admission: Admission;
  /** Ends, with the Problem as its reason, when the right to it has ended. */
  cut: Ending;
  /** The same question again, of this moment. @throws Problem */
  again: () => Promise<Admission>;
  /** From now on the right to this tool of a server, or to what is no single tool of it, is part of the question. Answers how to let go. */
  uses: (server: string, tool: string | undefined) => () => void;
  /** Calls back once it has taken so long that it is watched: what is over sooner need not listen to whether its client is still there. */
  whenLong: (then: () => void) => void;
  /** It is over: nobody need watch it any more. */
  release: () => void;
};

/** Whose a session, a state or a task is, and for which endpoint. */
export const boundOf = ({ admission: { principal, project }, endpoint }: Visit): string[] => [
  principal,
  project.id,
  endpoint.server ?? "",
];

/** Who answers for a caller: tokens are made at will. */
export const ownerOf = ({ admission: { actor } }: Visit): string => actor.user ?? actor.subject;

/** Who has sessions and calls going on in a project, and how many of each they may have. */
export type Holder = { key: string; project: string; most: ProjectLimits };

/** Made once for all requests that are let in alike. */
const holders = new WeakMap<Admission, Holder>();

export function holderOf({ admission }: Visit): Holder {
  const known = holders.get(admission);
  if (known !== undefined) return known;
  const { principal, project } = admission;
  const holder = { key: `${project.id} ${principal}`, project: project.name, most: projectLimitsOf(project.fields) };
  holders.set(admission, holder);
  return holder;
}
