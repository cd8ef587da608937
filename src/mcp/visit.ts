import type { Ending } from "../lib/ending.ts";
import type { Caller } from "../rbac/rights.ts";
import type { AuditActor } from "../resources/audit.ts";
import { type ProjectLimits, projectLimitsOf } from "../resources/limits.ts";
import type { ProjectFields } from "../resources/project.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ServerRef } from "./upstream/connections.ts";
import type { Used } from "./visits.ts";

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

/** What is over sooner is not watched, nor are alarms set for it: revoking is felt within a second all the same. */
export const longMs = 200;

/** What HTTP says beside an answer. What most answers have is made once: whoever sends it knows it again. */
export type Head = { readonly status: number; readonly headers: Readonly<Record<string, string>> };

/** A request as it comes, and where its answer goes. */
export type Visitor = {
  readonly request: Request;
  readonly endpoint: Endpoint;
  /** From where, as far as that is known. */
  readonly address: string | undefined;
  /** Who, once that is known: the audit log asks for it where a request is refused. */
  caller: Caller | undefined;
  /** It is long by now. */
  lasts: () => void;
  /** Answers it. Only the first answer counts. */
  answer: (body: string | ReadableStream<Uint8Array> | null, head: Head) => void;
  /** The same with why there is no answer. */
  fail: (why: unknown) => void;
  /** Nobody will answer it any more: where nobody has, that is told. */
  over: () => void;
};

/** What is used of a project while it lasts: a tool of a server, or what is no single tool of it. */
export type Use = { readonly server: string; readonly tool: string | undefined };

/** A request that was let in. */
export type Visit = {
  visitor: Visitor;
  request: Request;
  endpoint: Endpoint;
  admission: Admission;
  /** Ends, with the Problem as its reason, when the right to it has ended. */
  cut: Ending;
  /** The same question again, of this moment. @throws Problem */
  again: () => Promise<Admission>;
  /** From now on the right to this is part of the question, until it is let go of. */
  uses: (server: string, tool: string | undefined) => Used;
  letGo: (used: Used) => void;
  /** Its body is here: it need not come in time any more. */
  arrived: () => void;
  /** Told once it is long: what is over sooner need not listen to whether its client is still there. */
  whenLong: (then: { lasts: () => void }) => void;
  /** It is over: nobody need watch it any more. */
  release: () => void;
};

/** Who answers for a caller: tokens are made at will. */
export const ownerOf = ({ admission: { actor } }: Visit): string => actor.user ?? actor.subject;

/** Who has sessions and calls going on in a project, and how many of each they may have. */
export type Holder = { key: string; project: string; most: ProjectLimits };

/** Made once for all requests that are let in alike. */
const holders = new WeakMap<Admission, Holder>();
const bounds = new WeakMap<Admission, readonly string[]>();

export function holderOf({ admission }: Visit): Holder {
  const known = holders.get(admission);
  if (known !== undefined) return known;
  const { principal, project } = admission;
  const holder = { key: `${project.id} ${principal}`, project: project.name, most: projectLimitsOf(project.fields) };
  holders.set(admission, holder);
  return holder;
}

/** Whose a session, a state or a task is, and for which endpoint. */
export function boundOf({ admission, endpoint }: Visit): readonly string[] {
  const known = bounds.get(admission);
  const server = endpoint.server ?? "";
  if (known?.[2] === server) return known;
  const bound = [admission.principal, admission.project.id, server];
  bounds.set(admission, bound);
  return bound;
}
