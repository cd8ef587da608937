import { boundedText } from "../lib/bounded-text.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import type { Jwk } from "./jwt.ts";

/** So long keys are used without asking again, and so long at most when asking fails: a key that was taken back is out by then. */
const freshMs = 5 * 60_000;
const staleMs = 60 * 60_000;
/** Tokens that name unknown keys cost their sender nothing; asking for keys is rarer than that, whether it succeeds or not. */
const leastMs = 10_000;
const answerMs = 5_000;
const mostBytes = 256 * 1024;
const mostKeys = 100;

/** The public keys of an issuer: from `jwksUrl`, or from where its metadata says. */
export function createIssuerKeys({ issuer, jwksUrl }: { issuer: string; jwksUrl: string | undefined }, clock: Clock) {
  let kept: { keys: readonly Jwk[]; at: number } | undefined;
  let failure: Problem | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const age = () => (kept === undefined ? Number.POSITIVE_INFINITY : Math.max(0, clock.now() - kept.at));

  async function ask(): Promise<void> {
    try {
      const { keys } = await documentAt(jwksUrl ?? (await jwksUriOf(issuer)));
      if (!Array.isArray(keys) || keys.length > mostKeys) throw new Error("its keys are no list, or too many");
      const isKey = (key: unknown): key is Jwk => typeof key === "object" && key !== null;
      kept = { keys: keys.filter(isKey), at: clock.now() };
      failure = undefined;
    } catch (error) {
      failure = new Problem(
        "unavailable",
        "The keys of the OAuth issuer cannot be fetched, so its tokens cannot be checked",
        {
          hint: "a token made by mcpctl token create works meanwhile",
          cause: new Error(messageOf(error)),
        },
      );
    }
  }

  /** At most one question at a time, and none soon after the last. */
  async function refresh(): Promise<void> {
    const since = clock.now() - askedAt;
    if (asking === undefined && (since >= leastMs || since < 0)) {
      askedAt = clock.now();
      asking = ask().finally(() => {
        asking = undefined;
      });
    }
    await asking;
  }

  /**
   * The keys among which `wanted` finds one, if there is such a key at all: when there is none, the issuer may have a new one.
   * @throws Problem `unavailable` when they are not known
   */
  async function find(wanted: (keys: readonly Jwk[]) => Jwk | undefined): Promise<Jwk | undefined> {
    if (age() > freshMs) await refresh();
    if (age() <= staleMs && kept !== undefined) {
      const found = wanted(kept.keys);
      if (found !== undefined) return found;
      await refresh();
    }
    if (kept === undefined || age() > staleMs)
      throw failure ?? new Problem("unavailable", "The keys of the OAuth issuer are not known yet");
    return wanted(kept.keys);
  }

  return { find };
}

/** By OAuth's rule and by OpenID's two. What answers for another issuer is not believed (RFC 8414 §3.3). */
async function jwksUriOf(issuer: string): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  const reasons: string[] = [];
  for (const place of new Set(places)) {
    try {
      const document = await documentAt(place);
      if (document["issuer"] !== issuer) throw new Error("it is the metadata of another issuer");
      const uri = URL.parse(String(document["jwks_uri"]));
      if (uri === null || (uri.protocol !== "https:" && uri.protocol !== new URL(issuer).protocol))
        throw new Error("its jwks_uri is no address of keys");
      return uri.href;
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  throw new Error(`no metadata: ${reasons.join("; ")}`);
}

async function documentAt(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    redirect: "error",
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(answerMs),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${new URL(url).pathname} answers ${response.status}`);
  }
  const text = await boundedText(response, mostBytes);
  if (text === undefined) throw new Error("its answer is too long");
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("its answer is no JSON object");
  return value as Record<string, unknown>;
}
