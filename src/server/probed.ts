import { Problem } from "../lib/problem.ts";
import { isSpokenToOtherwise } from "../llm/llms.ts";
import { isKeyRefused } from "../llm/probe.ts";
import type { Rights } from "../rbac/rights.ts";
import { type LlmFields, LlmKind } from "../resources/llm.ts";
import type { Manifest } from "../resources/parse.ts";
import type { Op } from "../storage/op.ts";
import { listResources } from "../storage/resources.ts";
import { rehearse } from "./rehearsal.ts";
import type { Rooms } from "./rooms.ts";
import type { Call } from "./route.ts";

/** For all llms of one request: 5,000 of them may be in it. */
const allMs = 20_000;

/** What is to be said of each llm's name, once it is written. */
export type Probed = ReadonlyMap<string, readonly string[]>;

/** What one llm said. */
export type Found = { name: string; hasKey: boolean } & Pick<
  Awaited<ReturnType<Rooms["llms"]["probe"]>>,
  "failure" | "warning"
>;

/**
 * Asks each llm that is new, or spoken to otherwise than before, whether it is there and takes its key. That is no work for a transaction, and its key
 * may be a secret that is written with it: so `save` is rehearsed first, which settles as well that the caller may do all this, and read what is
 * needed for the asking; then they are asked; then whoever called saves. `save` answers the manifests that it could write: no others are asked.
 * @throws Problem what `save` would throw
 */
export async function found(
  manifests: readonly Manifest[],
  save: (rights: Rights) => Op<readonly Manifest[]>,
  call: Call,
  rooms: Rooms,
): Promise<Found[]> {
  const llms = await spokenToOtherwise(manifests, rooms);
  if (llms.length === 0) return [];
  const asked = await rehearse(call, rooms, function* (rights) {
    const written = new Set(yield* save(rights));
    return yield* withKeys(
      llms.filter((llm) => written.has(llm)),
      rooms,
    );
  });
  const signal = AbortSignal.any([call.request.signal, AbortSignal.timeout(allMs)]);
  return await Promise.all(
    asked.map(async ({ name, fields, key, lacksKey }): Promise<Found> => {
      if (lacksKey !== undefined) return { name, hasKey: false, warning: lacksKey };
      return { name, hasKey: key !== undefined, ...(await rooms.llms.probe({ fields, key }, signal)) };
    }),
  );
}

export const probedBy = (found: readonly Found[]): Probed =>
  new Map(
    found.flatMap(({ name, failure, warning = failure?.message }) =>
      warning === undefined ? [] : [[name, [warning]]],
    ),
  );

async function spokenToOtherwise(manifests: readonly Manifest[], { db }: Rooms): Promise<Manifest[]> {
  const llms = manifests.filter(({ kind, fields }) => kind === LlmKind && fields["skipAuthCheck"] !== true);
  if (llms.length === 0) return [];
  const written = new Map((await db.read(() => listResources("llm"))).map(({ name, fields }) => [name, fields]));
  return llms.filter(({ name, fields }) =>
    isSpokenToOtherwise(written.get(name) as LlmFields | undefined, fields as LlmFields),
  );
}

type Asked = { name: string; fields: LlmFields; key?: string | undefined; lacksKey?: string };

function* withKeys(llms: readonly Manifest[], { llmKey }: Rooms): Op<Asked[]> {
  const asked: Asked[] = [];
  for (const { name, fields: given } of llms) {
    const fields = given as LlmFields;
    try {
      asked.push({ name, fields, key: yield* llmKey({ name, fields }) });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "unavailable") throw error;
      asked.push({ name, fields, lacksKey: `its key is not there: ${error.message}` });
    }
  }
  return asked;
}

/** What to say where a key is refused; undefined when none is. */
export function keysRefused(found: readonly Found[]): Problem | undefined {
  const refused = found.filter((one) => one.hasKey && isKeyRefused(one));
  if (refused.length === 0) return undefined;
  const names = refused.slice(0, 5).map(({ name }) => `"${name}"`);
  const more = refused.length > names.length ? `, and of ${refused.length - names.length} more` : "";
  return new Problem(
    "invalid",
    `the key is refused by the server of llm ${names.join(", ")}${more}; nothing was written`,
    {
      fields:
        refused.length === 1
          ? [{ path: "/apiKey", message: `is refused (HTTP ${refused[0]?.failure?.httpStatus})` }]
          : [],
      hint: "put a good key into the secret; --skip-auth-check writes it all the same",
    },
  );
}
