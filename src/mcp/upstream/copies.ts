import { createHash } from "../../lib/crypto.ts";

/**
 * Pure: the copy that serves this caller: always the same as long as it runs, since a server may keep something between two calls; when it goes only
 * its own callers meet another (rendezvous hashing). The first for nobody in particular.
 */
export function copyFor<T>(copies: ReadonlyMap<string, T>, subject: string | undefined): T | undefined {
  if (subject === undefined || copies.size < 2) return copies.values().next().value;
  let best: { weight: string; copy: T } | undefined;
  for (const [name, copy] of copies) {
    const weight = createHash("sha256").update(`${name} ${subject}`).digest("hex");
    if (best === undefined || weight > best.weight) best = { weight, copy };
  }
  return best?.copy;
}
