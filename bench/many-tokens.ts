import { join } from "node:path";
import { bearerHash, mintBearer, shownPrefix } from "../src/auth/bearer.ts";
import { giveBindings } from "../src/auth/token-rights.ts";
import type { Binding } from "../src/resources/rbac.ts";
import { loadMasterKey } from "../src/secrets/master-key.ts";
import { openDatabase } from "../src/storage/open.ts";
import { findTokenByHash, insertToken } from "../src/storage/tokens.ts";

const bindings: readonly Binding[] = [{ role: "run", resource: "projects", name: "bench" }];

/**
 * So many copies of a token, each with a bearer and a binding of its own, put into a data folder that nobody has open: an hour of requests otherwise.
 * Answers a thousand of them at most, from all over.
 */
export async function copyToken(dataDir: string, model: string, count: number): Promise<string[]> {
  const key = loadMasterKey({ dataDir }, undefined).derive("bearer");
  const db = openDatabase(`sqlite:${join(dataDir, "mcpctl.db")}`);
  const bearers = await db.write(function* () {
    const token = yield* findTokenByHash(bearerHash(key, model));
    if (token === undefined) throw new Error("there is no token to copy");
    const some: string[] = [];
    for (let n = 0; n < count; n++) {
      const [bearer, id] = [mintBearer("token"), Bun.randomUUIDv7()];
      const made = { ...token, id, hash: bearerHash(key, bearer), name: `copy-${n}`, prefix: shownPrefix(bearer) };
      yield* insertToken(made);
      yield* giveBindings(made, made.name, bindings, made.createdAt);
      if (n % Math.ceil(count / 1_000) === 0) some.push(bearer);
    }
    return some;
  });
  db.close();
  return bearers;
}
