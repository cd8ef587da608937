import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import type { Rights } from "../../rbac/rights.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { findKind } from "../../resources/index.ts";
import type { Manifest } from "../../resources/parse.ts";
import {
  carryOut,
  type Doomed,
  type Ending,
  entriesOf,
  hashedEntries,
  type Outcome,
  type Plan,
  withGoodKeys,
} from "../applying.ts";
import { readJson } from "../body.ts";
import { noteRefusal } from "../note.ts";
import { found, type Probed, probedBy } from "../probed.ts";
import { problemBody } from "../problems.ts";
import { rehearse } from "../rehearsal.ts";
import { asCaller, type Route } from "../route.ts";

const mostDocuments = 5_000;

const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const body = Type.Object(
  {
    documents: Type.Array(Type.Object({}, { additionalProperties: true }), {
      description: "Flat manifests, each with its kind",
    }),
    atomic: flag(
      "All or none, the default; when false each stands on its own, and what is refused has an `error` in the answer",
    ),
    dryRun: flag("Say what would be done, and do nothing"),
    show: flag("Answer each resource as it was (`before`) and as it is then (`after`), without anything secret"),
    delete: Type.Optional(
      Type.Array(
        Type.Object({
          kind: Type.String({ description: "A kind that can be changed" }),
          id: Type.String({ description: "The id of what goes" }),
        }),
        { maxItems: mostDocuments, description: "What goes in the same transaction, after all else; gone is fine" },
      ),
    ),
  },
  { additionalProperties: false },
);
type Asked = { documents: unknown[]; atomic: boolean; dryRun: boolean; show: boolean; doomed: Doomed[] };

/** One transaction, in the order in which kinds refer to one another: all of it or, when asked for, each document on its own. */
export const applyRoute: Route = {
  method: "POST",
  path: "/api/v1/apply",
  permission: "authenticated",
  tag: "apply",
  summary: "Create or change several resources at once; each needs its own right",
  body: () => body,
  handle: async (call, rooms) => {
    const { documents, atomic, dryRun, show, doomed } = askedIn(await readJson(call.request));
    const [given, unreadable] = entriesOf(documents, atomic);
    const [ready, unwritable] = await hashedEntries(given, atomic, call, rooms);
    const plan = (entries: Plan["entries"]): Plan => ({ entries, doomed, atomic, shows: show });
    const work = (entries: Plan["entries"], asked: Probed) => (rights: Rights) =>
      carryOut(plan(entries), asked, rights, rooms);
    const heard = await found(
      ready.map(({ manifest }) => manifest),
      function* (rights) {
        return savedOf((yield* work(ready, new Map())(rights)).outcomes);
      },
      call,
      rooms,
    );
    const [good, keyless] = withGoodKeys(ready, heard, atomic);
    const done = work(good, probedBy(heard));
    const { outcomes, endings } = await (dryRun ? rehearse(call, rooms, done) : asCaller("write", call, rooms, done));
    if (!dryRun) await rooms.changedAll([...outcomes.flatMap(changeIn), ...endings.flatMap(endIn)]);
    const all = [...unreadable, ...unwritable, ...keyless, ...outcomes];
    for (const { error } of [...all, ...endings.filter((ending) => "error" in ending)])
      if (error !== undefined) void noteRefusal(error, call.request, call, rooms);
    return {
      results: all.map((outcome) => resultOf(outcome, { dryRun, show })),
      ...(doomed.length === 0 ? {} : { deleted: endings.map(endingOf) }),
    };
  },
};

const savedOf = (outcomes: readonly Outcome[]): Manifest[] =>
  outcomes.flatMap(({ error, manifest }) => (error === undefined && manifest !== undefined ? [manifest] : []));

function changeIn(outcome: Outcome) {
  if (outcome.error !== undefined || outcome.manifest === undefined || outcome.saved.action === "unchanged") return [];
  return [{ kind: outcome.manifest.kind, id: outcome.saved.resource.id }];
}

const endIn = (ending: Ending) => ("gone" in ending ? [{ kind: ending.kind, id: ending.id }] : []);

function resultOf(outcome: Outcome, { dryRun, show }: { dryRun: boolean; show: boolean }) {
  const { document, kind, manifest } = outcome;
  if (outcome.error !== undefined) return { document, kind, name: outcome.name, error: problemBody(outcome.error) };
  const { resource, action, token } = outcome.saved;
  const isTraceless = dryRun && givesSecret(manifest);
  const { version: _version, updatedAt: _updatedAt, ...undated } = resource;
  const after = isTraceless ? undated : resource;
  return {
    document,
    kind,
    name: resource.name,
    ...(manifest?.fields["project"] === undefined ? {} : { project: manifest.fields["project"] }),
    ...warningsOf(manifest, resource),
    action: isTraceless && action === "unchanged" ? "configured" : action,
    ...(show ? { ...(outcome.before === undefined ? {} : { before: outcome.before }), after } : {}),
    ...(token === undefined || dryRun ? {} : { token }),
  };
}

function warningsOf(manifest: Manifest | undefined, { status }: Resource): { warnings?: unknown[] } {
  const warnings = [...(manifest?.warnings ?? []), ...((status?.["warnings"] as string[] | undefined) ?? [])];
  return warnings.length === 0 ? {} : { warnings };
}

function endingOf(ending: Ending) {
  const { kind, id } = ending;
  if ("error" in ending) return { kind: kind.kind, id, error: problemBody(ending.error) };
  return { kind: kind.kind, id, name: ending.gone.name, action: kind.deleted?.(ending.gone) ?? "deleted" };
}

/** To say without a trace that a secret is what it would be set to, by a word or by a version that stays, is to let it be guessed, thousands a request. */
const givesSecret = (manifest: Manifest | undefined): boolean =>
  (manifest?.kind.secrets ?? []).some((field) => manifest?.fields[field] !== undefined);

/** @throws Problem `invalid` */
function askedIn(given: unknown): Asked {
  const documents = isObject(given) && given["documents"];
  const rest = isObject(given) && { ...given, documents: [] };
  if (!Array.isArray(documents) || !Value.Check(body, rest))
    throw new Problem("invalid", `The body is {documents: [...]}, and may have ${optional(body).join(", ")}`);
  const { atomic = true, dryRun = false, show = false, delete: ends = [] } = rest;
  if (documents.length > mostDocuments) throw new Problem("invalid", `At most ${mostDocuments} documents at once`);
  return { documents, atomic, dryRun, show, doomed: ends.map(doomedIn) };
}

const optional = ({ properties }: TSchema): string[] =>
  Object.keys(properties as object).filter((name) => name !== "documents");

function doomedIn({ kind: word, id }: { kind: string; id: string }, index: number): Doomed {
  const kind: AnyKind | undefined = findKind(word);
  if (kind?.verbs.includes("update") === true) return { kind, id };
  throw new Problem("invalid", "what goes is named by a kind that can be changed, and its id", {
    fields: [{ path: `/delete/${index}/kind`, message: "is no kind that can be changed" }],
  });
}
