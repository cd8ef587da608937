import type { Clock } from "../../lib/clock.ts";
import { createTokens, type Tokens } from "./client-credentials.ts";
import type { Ways } from "./dial.ts";
import { createPool } from "./http1/pool.ts";
import { createResolver, type Lookup, systemLookup } from "./resolver.ts";

/** What all requests to servers by url have in common: where names lead, and the tokens that were given to us. */
export type Egress = Ways & { tokens: Tokens };

/** @param isProxied a proxy of the environment connects in our place */
export function createEgress(clock: Clock, isProxied: boolean, lookup: Lookup = systemLookup): Egress {
  const ways: Ways = { resolver: createResolver(clock, lookup), pool: createPool(), isProxied };
  return { ...ways, tokens: createTokens(clock, ways) };
}
