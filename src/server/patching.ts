import type { TObject, TSchema } from "@sinclair/typebox";
import { merged } from "../lib/merge-patch.ts";
import { isObject } from "../lib/object.ts";
import { type FieldError, Problem } from "../lib/problem.ts";
import * as Type from "../lib/type.ts";
import { type AnyKind, aKind, type Resource } from "../resources/define.ts";
import { type Manifest, manifestSchema, parseManifest } from "../resources/parse.ts";
import { readJson } from "./body.ts";
import type { Rooms } from "./rooms.ts";
import { asCaller, type Call } from "./route.ts";
import { save } from "./saving.ts";

const mergePatch = "application/merge-patch+json";

/** How often a change is done anew to what somebody else has changed meanwhile. */
const mostTries = 3;

/** A body in which every field may be absent. */
export const patchSchema = (kind: AnyKind): TSchema => Type.Partial(manifestSchema(kind) as TObject);

/**
 * Changes some fields. What is written in the end passes all that a whole manifest passes. Without `expected` it is done to whichever version is
 * there.
 * @throws Problem
 */
export async function patch(kind: AnyKind, call: Call, rooms: Rooms, expected?: number): Promise<unknown> {
  const change = await readJson(call.request, mergePatch);
  if (!isObject(change)) throw new Problem("invalid", "a merge patch is an object of fields");
  for (let tries = 1; ; tries++) {
    const { version, manifest } = await patched(kind, change, call, rooms);
    try {
      return await save(manifest, "update", call, rooms, expected ?? version);
    } catch (error) {
      const isOvertaken = error instanceof Problem && error.code === "conflict" && expected === undefined;
      if (!isOvertaken || tries === mostTries) throw error;
    }
  }
}

/** The whole manifest that there would be, and the version that it is made of. */
async function patched(
  kind: AnyKind,
  change: Record<string, unknown>,
  call: Call,
  rooms: Rooms,
): Promise<{ version: number; manifest: Manifest }> {
  const { item, values } = await asCaller("read", call, rooms, function* (rights) {
    const { ref = "" } = call.params;
    const item = yield* rooms.store.find(rights, kind, ref, "update", call.query.get("project") ?? undefined);
    // What is merged into a secret's values leaves the others there.
    const values = kind.kind === "secret" && isObject(change["data"]) ? yield* rooms.secretValues(item) : undefined;
    return { item, values };
  });
  refuseMoving(kind, item, change);
  const overruled = Object.entries(kind.formerly ?? {}).flatMap(([former, { field }]) =>
    former in change ? [field] : [],
  );
  const present = Object.entries(item).filter(([field]) => !overruled.includes(field));
  const whole = merged({ ...Object.fromEntries(present), ...(values && { data: values }) }, change);
  return { version: item.version, manifest: parseManifest(kind, whole) };
}

/** It would be another one that is changed then, or none. */
function refuseMoving(kind: AnyKind, item: Resource, change: Record<string, unknown>): void {
  const fixed = kind.scopes === undefined ? ["name"] : ["name", "project"];
  const fields = fixed.flatMap((field): FieldError[] =>
    field in change && (change[field] ?? undefined) !== item[field]
      ? [{ path: `/${field}`, message: "stays as it is" }]
      : [],
  );
  if (fields.length === 0) return;
  throw new Problem("invalid", `${aKind(kind)} is neither renamed nor moved; create another`, { fields });
}
