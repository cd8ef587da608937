import type { Clock } from "../lib/clock.ts";
import { createHash } from "../lib/crypto.ts";
import { Problem } from "../lib/problem.ts";
import { principalKind } from "../resources/group.ts";
import { createIssuerKeys } from "./issuer-keys.ts";
import { isAlgorithm, isSignedBy, type Jwk, type Jwt, keyFits, readJwt } from "./jwt.ts";

/** What an issuer's token says, once its signature and its words were checked: whom it names, and until when. Never the token. */
export type Verified = { name: string; expiresAt: number; id: string };

/** What a request shows of who sends it: a bearer of ours as it stands, or a verified token of the operator's issuer. */
export type Credential = string | Verified | undefined;

/** An authorization server of the operator's, whose access tokens are believed beside our own bearers (docs/oauth.md). */
export type Trust = {
  /** Exactly as the issuer writes it. */
  issuer: string;
  audience: string;
  /** Where its keys are, when its own metadata is not to be asked. */
  jwksUrl: string | undefined;
  /** The claim that names the user or service account. */
  subjectClaim: string;
  /** The URL by which clients reach us, without a slash at the end. */
  resource: string | undefined;
  /** What a token must have, all of it. */
  scopes: readonly string[];
};

/** Clocks differ. */
const leewaySeconds = 30;
/** The media types of access tokens; others of the same issuer, such as a logout token, are signed by the same key. */
const types = ["jwt", "at+jwt", "application/at+jwt"];

/** The token is right and its scope too small; a client may get another one. */
export class InsufficientScope extends Problem {}

/** Checks the access tokens of one issuer. Each time anew, which takes less than the request that it came with. */
export function createVerifier(trust: Trust, clock: Clock) {
  const keys = createIssuerKeys(trust, clock);
  /** @throws Problem `unauthenticated`, `forbidden` for its scope, `unavailable` when the issuer's keys are not known */
  return async (text: string, path: string): Promise<Verified> => {
    const jwt = readJwt(text);
    if (jwt === undefined) throw refused("is malformed or too long");
    const wrong = whyNot(jwt, trust, audiencesAt(path, trust), clock.now());
    if (wrong !== undefined) throw refused(wrong);
    const key = await keys.find((known) => keyOf(jwt, known));
    if (key === undefined) throw refused("is signed by a key that its issuer does not have");
    if (!(await isSignedBy(jwt, key))) throw refused("has a wrong signature");
    const { claims } = jwt;
    if (!hasScopes(claims, trust.scopes))
      throw new InsufficientScope("forbidden", "The access token lacks a scope that mcpctl asks for", {
        hint: `ask for ${trust.scopes.join(" ")}`,
      });
    return {
      name: nameIn(claims, trust.subjectClaim),
      expiresAt: (Number(claims["exp"]) + leewaySeconds) * 1000,
      id: createHash("sha256").update(text).digest("hex").slice(0, 16),
    };
  };
}

/** A token for the whole of mcpctl, or one that was asked for this very endpoint (RFC 8707); where messages are posted belongs to its stream. */
const audiencesAt = (path: string, { audience, resource }: Trust): readonly string[] =>
  resource === undefined ? [audience] : [audience, resource + path.replace(/(?:(?<=\/sse)\/message)?\/?$/, "")];

/** What is wrong with its words. Said before its keys are looked for: most of what is wrong costs nothing. */
function whyNot(
  { header, claims }: Pick<Jwt, "header" | "claims">,
  { issuer }: Pick<Trust, "issuer">,
  audiences: readonly string[],
  nowMs: number,
): string | undefined {
  const { alg, typ, crit } = header;
  const { iss, aud, exp, nbf = 0, iat = 0 } = claims;
  const now = nowMs / 1000;
  const isTime = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  if (!isAlgorithm(alg)) return "is not signed by RS256, PS256, ES256 or EdDSA";
  if (crit !== undefined) return "asks for an extension that mcpctl does not know";
  if (typ !== undefined && !types.includes(String(typ).toLowerCase())) return "is no access token";
  if (iss !== issuer) return "is of another issuer";
  if (![aud].flat().some((one) => typeof one === "string" && audiences.includes(one))) return "is for another audience";
  if (!isTime(exp) || !isTime(nbf) || !isTime(iat)) return "does not say when it expires";
  if (exp + leewaySeconds <= now) return "has expired";
  if (Math.max(nbf, iat) - leewaySeconds > now) return "is not valid yet";
  return undefined;
}

/** The key that its header names; without a name it must be the only one that could have signed it. */
function keyOf({ header }: Jwt, keys: readonly Jwk[]): Jwk | undefined {
  const fitting = keys.filter((key) => keyFits(key, String(header["alg"])));
  const named = header["kid"] === undefined ? fitting : fitting.filter(({ kid }) => kid === header["kid"]);
  return named.length === 1 ? named[0] : undefined;
}

function hasScopes({ scope, scp }: Record<string, unknown>, wanted: readonly string[]): boolean {
  const given = [scope ?? scp ?? []].flat().flatMap((words) => String(words).split(" "));
  return wanted.every((word) => given.includes(word));
}

/** An address that its issuer has not verified is whatever its bearer has typed there. */
function nameIn(claims: Record<string, unknown>, claim: string): string {
  const name = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof name !== "string" || name === "" || name.length > 256) throw refused(`has no claim ${claim}`);
  const isAddress = principalKind(name) === "users";
  if (claim === "email" && (!isAddress || claims["email_verified"] === false))
    throw refused("names an e-mail address that was not verified");
  return isAddress ? name.toLowerCase() : name;
}

const refused = (what: string) =>
  new Problem("unauthenticated", `The access token ${what}`, {
    hint: "get a new one from your identity provider, or use a token from mcpctl token create",
  });
