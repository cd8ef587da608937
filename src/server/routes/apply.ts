import { Type } from "@sinclair/typebox";
import { Problem } from "../../lib/problem.ts";
import type { Rights } from "../../rbac/rights.ts";
import type { Saved } from "../../rbac/source.ts";
import { kinds } from "../../resources/index.ts";
import { type Manifest, manifestsIn } from "../../resources/parse.ts";
import type { Op } from "../../storage/op.ts";
import { readJson } from "../body.ts";
import { hashed } from "../hashed.ts";
import { type Probed, probed } from "../probed.ts";
import { rehearse } from "../rehearsal.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Route } from "../route.ts";
import { withWarnings } from "../warnings.ts";

const mostDocuments = 5_000;

/** All documents or none: one transaction, in the order in which kinds refer to one another. */
export const applyRoute: Route = {
  method: "POST",
  path: "/api/v1/apply",
  permission: "authenticated",
  tag: "apply",
  summary: "Create or change several resources at once; all of them or none. Each needs its own right",
  body: () =>
    Type.Object({
      documents: Type.Array(Type.Object({}, { additionalProperties: true }), {
        description: "Flat manifests, each with its kind",
      }),
      dryRun: Type.Optional(Type.Boolean({ description: "Say what would be done, and do nothing" })),
    }),
  handle: async (call, rooms) => {
    const { documents, dryRun } = bodyOf(await readJson(call.request));
    const given = documents.flatMap((document, index) => manifestsIn(document, `document ${index + 1}`));
    const manifests = inOrder(given.filter(({ ended }) => ended !== true));
    const ready = await hashed(manifests, "apply", call, rooms);
    const save = (warnings: Probed) => (rights: Rights) => saveAll(ready, warnings, rights, rooms);
    const asked = await probed(ready, save(new Map()), call, rooms);
    const saved = dryRun ? await rehearse(call, rooms, save(asked)) : await asCaller("write", call, rooms, save(asked));
    const changed = saved.flatMap(({ resource, action }, index) => {
      const kind = manifests[index]?.kind;
      return kind === undefined || action === "unchanged" ? [] : [{ kind, id: resource.id }];
    });
    if (!dryRun) await rooms.changedAll(changed);
    const results = saved.map(({ resource, action, token }, index) => ({
      kind: manifests[index]?.kind.kind,
      name: resource.name,
      ...(resource.status?.["warnings"] === undefined ? {} : { warnings: resource.status["warnings"] }),
      action: dryRun && action === "unchanged" && givesSecret(manifests[index]) ? "configured" : action,
      ...(token === undefined || dryRun ? {} : { token }),
    }));
    return { results };
  },
};

function* saveAll(manifests: readonly Manifest[], asked: Probed, rights: Rights, rooms: Rooms): Op<Saved[]> {
  const saved: Saved[] = [];
  for (const manifest of manifests) saved.push(yield* rooms.store.save(rights, manifest, "apply"));
  // Only now: a server may come after the project in what is applied.
  for (const [index, { kind }] of manifests.entries()) {
    const one = saved[index];
    if (one === undefined) continue;
    saved[index] = { ...one, resource: yield* withWarnings(rooms, rights, kind, one.resource, asked) };
  }
  return saved;
}

/** To say without a trace that a secret is what it would be set to is to let it be guessed, thousands a request. */
const givesSecret = (manifest: Manifest | undefined): boolean =>
  (manifest?.kind.secrets ?? []).some((field) => manifest?.fields[field] !== undefined);

function bodyOf(body: unknown): { documents: unknown[]; dryRun: boolean } {
  const { documents, dryRun = false, ...rest } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(documents) || typeof dryRun !== "boolean" || Object.keys(rest).length > 0) {
    throw new Problem("invalid", "The body is {documents: [...], dryRun?: true}");
  }
  if (documents.length > mostDocuments) throw new Problem("invalid", `At most ${mostDocuments} documents at once`);
  return { documents, dryRun };
}

const inOrder = (manifests: Manifest[]): Manifest[] => {
  const rank = new Map<unknown, number>(kinds.map((kind, index) => [kind, index]));
  return manifests.toSorted((a, b) => (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0));
};
