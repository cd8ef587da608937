import type { Clock } from "../../lib/clock.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf, type Problem } from "../../lib/problem.ts";
import { endingAfter } from "../../lib/wheel.ts";
import type { OAuthClient } from "../../resources/server.ts";
import { boundedText } from "./bounded-text.ts";
import { dialled, dialTo, type Place, type Ways } from "./dial.ts";
import { unavailable } from "./failures.ts";
import { fieldsOf } from "./http1/request.ts";

/** A client as the issuer of its tokens knows it, the secret included. */
export type ClientCredentials = Omit<OAuthClient, "clientSecret"> & { clientSecret: string };

type Token = { value: string; askedAt: number; refreshAt: number; endsAt: number };
type Entry = {
  token?: Token;
  asking?: Promise<Token>;
  failure?: { why: Problem; until: number };
  /** The issuer did not take the secret in the header, but in the body. */
  inBody?: true;
};

const answerMs = 10_000;
const answerBytes = 64 * 1024;
/** A broken issuer is not asked again by each call. */
const failureMs = 5_000;
/** For a token of which nothing is said. */
const assumedSeconds = 300;
/** Before its end a token is not used any more, and twice as long before it a new one is asked for, while the old one goes on. */
const marginMs = 30_000;
const keptTokens = 1_000;

/** Access tokens by the client's own credentials (RFC 6749 §4.4): in memory only, one request for all who wait, renewed ahead of time. */
export type Tokens = ReturnType<typeof createTokens>;

export function createTokens(clock: Clock, ways: Ways) {
  const entries = new Map<string, Entry>();

  /** The place belongs to it: what one server may reach, another may not. */
  function entryOf(client: ClientCredentials, place: Place): Entry {
    const key = JSON.stringify([client, place]);
    const entry = entries.get(key) ?? {};
    const [oldest] = entries.keys();
    if (entries.size >= keptTokens && oldest !== undefined && !entries.has(key)) entries.delete(oldest);
    entries.set(key, entry);
    return entry;
  }

  function renew(entry: Entry, client: ClientCredentials, place: Place): Promise<Token> {
    entry.asking ??= ask(entry, client, place)
      .then(
        (token) => {
          delete entry.failure;
          entry.token = token;
          return token;
        },
        (error: unknown) => {
          const why = unavailable(`there is no access token from \`oauth.tokenUrl\`: ${messageOf(error)}`, error);
          entry.failure = { why, until: clock.now() + failureMs };
          throw why;
        },
      )
      .finally(() => {
        delete entry.asking;
      });
    return entry.asking;
  }

  async function ask(entry: Entry, client: ClientCredentials, place: Place): Promise<Token> {
    const askedAt = clock.now();
    let answer = await post(client, place, entry.inBody === true);
    // Not every issuer takes both ways, and this answer says that it took none of it.
    if (isRefusal(answer) && entry.inBody === undefined) {
      const other = await post(client, place, true);
      if (other.status === 200) entry.inBody = true;
      answer = other;
    }
    return tokenFrom(answer, askedAt);
  }

  async function post(client: ClientCredentials, place: Place, inBody: boolean): Promise<Answer> {
    const { clientId, clientSecret, scope, resource } = client;
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      ...(scope === undefined ? {} : { scope }),
      ...(resource === undefined ? {} : { resource }),
      ...(inBody ? { client_id: clientId, client_secret: clientSecret } : {}),
    });
    const basic = btoa([clientId, clientSecret].map(formEncoded).join(":"));
    const headers = {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
      ...(inBody ? {} : { authorization: `Basic ${basic}` }),
    };
    const ending = endingAfter(answerMs);
    const request = { method: "POST", fields: fieldsOf(headers), body: body.toString(), ending };
    const answer = await dialled(dialTo(ways, place), request);
    const text = await boundedText(answer, answerBytes);
    try {
      const said: unknown = JSON.parse(text);
      return { status: answer.status, said: isObject(said) ? said : {} };
    } catch {
      return { status: answer.status, said: {} };
    }
  }

  return {
    /** @throws Problem `unavailable`, saying what the issuer said and nothing of the credentials */
    async of(client: ClientCredentials, place: Place): Promise<string> {
      const entry = entryOf(client, place);
      const { token, failure } = entry;
      const now = clock.now();
      if (token !== undefined && now < token.endsAt) {
        const mayAsk = failure === undefined || now >= failure.until;
        if (now >= token.refreshAt && mayAsk) void renew(entry, client, place).catch(() => {});
        return token.value;
      }
      if (failure !== undefined && now < failure.until) throw failure.why;
      return (await renew(entry, client, place)).value;
    },
    /** The server did not take this token. True when another is worth a try: a token that is new already is refused for another reason. */
    refused(client: ClientCredentials, place: Place, value: string): boolean {
      const entry = entryOf(client, place);
      if (entry.token?.value !== value) return true;
      if (clock.now() - entry.token.askedAt < failureMs) return false;
      delete entry.token;
      return true;
    },
  };
}

type Answer = { status: number; said: Record<string, unknown> };

const isRefusal = ({ status, said }: Answer): boolean =>
  status === 401 || (status === 400 && said["error"] === "invalid_client");

/** @throws Problem `unavailable`; of an issuer's words only its code is told, since the rest may repeat what it was sent */
function tokenFrom({ status, said }: Answer, askedAt: number): Token {
  const { error, access_token: value, token_type: type, expires_in: seconds } = said;
  if (status !== 200) {
    const code = typeof error === "string" && /^[a-z_]{1,64}$/.test(error) ? error : `HTTP ${status}`;
    throw unavailable(`the issuer refused the client: ${code}; check \`oauth\``);
  }
  if (typeof value !== "string" || !/^[\x21-\x7e]{1,16384}$/.test(value))
    throw unavailable("the issuer's answer holds no access token");
  if (String(type).toLowerCase() !== "bearer") throw unavailable("the issuer gives tokens of another type than Bearer");
  const lifeMs = (Number(seconds) > 0 ? Math.min(Number(seconds), 86_400) : assumedSeconds) * 1000;
  const margin = Math.min(marginMs, lifeMs / 4);
  return { value, askedAt, refreshAt: askedAt + lifeMs - 2 * margin, endsAt: askedAt + lifeMs - margin };
}

/** As RFC 6749 §2.3.1 has it for the header. */
const formEncoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
