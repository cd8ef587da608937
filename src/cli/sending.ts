import type { Client } from "../client/client.ts";
import { Problem, type ProblemBody, problemFrom } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { kinds } from "../resources/index.ts";
import type { Manifest, Read } from "../resources/parse.ts";

/** What became of one document; `where` is its file and place. */
export type Result = {
  where: string;
  kind?: string;
  name?: string;
  action?: string;
  token?: string;
  warnings?: string[];
  before?: Resource;
  after?: Resource;
  manifest?: Manifest;
  error?: Problem;
};
/** What became of something that is no longer in the files. */
export type Ended = { kind: string; id: string; name?: string; action?: string; error?: Problem };
export type Victim = { kind: AnyKind; id: string; name: string; project?: string };

type Wish = { atomic?: boolean; dryRun?: boolean; show?: boolean; doomed?: readonly Victim[] };
type Answer = {
  results: (Omit<Result, "error" | "where"> & { document: number; error?: ProblemBody })[];
  deleted?: (Omit<Ended, "error"> & { error?: ProblemBody })[];
};

/** One request's worth: what is under way when somebody presses Ctrl-C is soon over, and a body stays far from the server's bound. */
const batch = { documents: 100, characters: 1_000_000 } as const;

/** One request: all of it in one transaction, or a rehearsal of it. */
export async function sendAll(
  manifests: readonly Placed[],
  { atomic = true, dryRun = false, show = false, doomed = [] }: Wish,
  client: Client,
): Promise<{ results: Result[]; ended: Ended[] }> {
  const answer = (await client.json("POST", "/api/v1/apply", {
    documents: manifests.map(({ document }) => document),
    atomic,
    dryRun,
    ...(show ? { show } : {}),
    ...(doomed.length === 0 ? {} : { delete: doomed.map(({ kind, id }) => ({ kind: kind.kind, id })) }),
  })) as Answer;
  const results = answer.results.map(({ document, error, ...rest }): Result => {
    const { where = "", manifest } = manifests[document - 1] ?? {};
    // What was said of words that were left out here, the server did not hear.
    const warnings = [...(manifest?.warnings ?? []), ...(rest.warnings ?? [])];
    return {
      ...rest,
      where,
      ...(warnings.length > 0 && { warnings }),
      ...(manifest && { manifest }),
      ...(error && { error: asProblem(error) }),
    };
  });
  const ended = (answer.deleted ?? []).map(
    ({ error, ...rest }): Ended => ({
      ...rest,
      ...(error && { error: asProblem(error) }),
    }),
  );
  return { results, ended };
}

/** The same in several requests, each document on its own; a request is made when the results before it were taken. */
export async function* sendEach(manifests: readonly Placed[], client: Client): AsyncGenerator<Result[]> {
  for (let from = 0; from < manifests.length; ) {
    let [to, characters] = [from, 0];
    while (to < manifests.length && to - from < batch.documents && characters < batch.characters)
      characters += JSON.stringify(manifests[to++]?.document).length;
    yield (await sendAll(manifests.slice(from, to), { atomic: false }, client)).results;
    from = to;
  }
}

const asProblem = (body: ProblemBody): Problem =>
  problemFrom(body) ?? new Problem("internal", "the server refused it and does not say why");

/** A manifest, where it stands, and what of it is sent. */
export type Placed = { where: string; manifest: Manifest; document: Record<string, unknown> };

/** Manifests in the order in which kinds refer to one another; what has ended is left out. */
export function inOrder(read: readonly (Read & { manifest: Manifest })[]): Placed[] {
  const rank = new Map<unknown, number>(kinds.map((kind, index) => [kind, index]));
  return read
    .filter(({ manifest }) => manifest.ended !== true)
    .map(({ where, manifest }) => ({ where, manifest, document: documentOf(manifest) }))
    .toSorted((a, b) => (rank.get(a.manifest.kind) ?? 0) - (rank.get(b.manifest.kind) ?? 0));
}

export const documentOf = ({ kind, name, fields }: Manifest): Record<string, unknown> => ({
  kind: kind.kind,
  name,
  ...fields,
});
