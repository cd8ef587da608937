import { systemClock } from "../../lib/clock.ts";
import type { Ending } from "../../lib/ending.ts";
import { sleep } from "../../lib/wait.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import type { ClientCredentials } from "./client-credentials.ts";
import { type Dial, dialled, dialTo, type Place } from "./dial.ts";
import { createEgress, type Egress } from "./egress.ts";
import { Unreached } from "./failures.ts";
import { type Answer, type Asker, answerTo } from "./http1/answer.ts";
import { type Fields, fieldsOf, type Request } from "./http1/request.ts";
import { isRedirect, redirected } from "./redirect.ts";
import type { TlsTrust } from "./tls.ts";

/** Address and headers of a server that somebody else runs, and how it is reached and trusted, secrets included. */
export type HttpTarget = {
  url: string;
  headers: Record<string, string>;
  /** Its name, for messages. */
  server?: string | undefined;
  allowPrivate?: boolean | undefined;
  tls?: TlsTrust | undefined;
  oauth?: ClientCredentials | undefined;
  /** Is told each token that is sent, which servers repeat in what they refuse. */
  hide?: ((token: string) => void) | undefined;
  /** What it has in common with all others; of its own when absent. */
  egress?: Egress | undefined;
};

/** `fields`: as `HttpClient.fields` has made them. */
export type Asked = {
  method?: "GET" | "POST" | "DELETE";
  fields: Fields;
  body?: string;
  ending: Ending;
  /** Nothing is under way yet: it fails at once where there is nobody. */
  opens?: boolean;
};

/** How long a server that is just being started again may take, before a request that did not reach it is tried for the second and last time. */
const againMs = 250;

/** Sends requests to one server: with its headers, its token, to where it may be reached, on to where it redirects within its own origin. */
export type HttpClient = {
  readonly url: URL;
  /** Our header fields, names in lower case, together with those that are configured: ours count. For as many requests as have them. */
  fields: (ours: Record<string, string>) => Fields;
  /**
   * The answer to one request, whatever its status.
   * @throws Problem `unavailable` when it cannot be reached, may not be, or redirects elsewhere
   */
  reach: (asked: Asked) => Promise<Answer>;
  /** The same without a promise. */
  ask: (asked: Asked, asker: Asker) => void;
  /** The same server at another of its addresses. */
  at: (url: string) => HttpClient;
};

/** What a POST may be answered with, and what a GET asks for. */
export const accepts = { post: "application/json, text/event-stream", get: "text/event-stream" } as const;

export function httpClient(target: HttpTarget, limits: Pick<ServerLimits, "connectSeconds">): HttpClient {
  const { server, allowPrivate = false, tls: trust = {}, oauth, egress = createEgress(systemClock, false) } = target;
  const common = { server, allowPrivate, connectMs: limits.connectSeconds * 1000 };
  const place: Place = { ...common, url: new URL(target.url), setting: "url", trust };
  const issuer = oauth && { ...common, url: new URL(oauth.tokenUrl), setting: "oauth.tokenUrl", trust: besides(trust) };
  const dial = dialTo(egress, place);
  const configured: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.headers)) configured[name.toLowerCase()] = value;

  function follow(request: Request, opens: boolean, { answered, failed }: Asker): void {
    const onward = (answer: Answer) => elsewhere(answer, request, opens);
    dial(request, {
      answered: (answer) => (isRedirect(answer) ? void onward(answer).then(answered, failed) : answered(answer)),
      failed: (error) => void again(error, dial, request, opens).then(onward).then(answered, failed),
    });
  }
  const followed = (request: Request, opens: boolean) => answerTo((asker) => follow(request, opens, asker));

  async function elsewhere(first: Answer, request: Request, opens: boolean): Promise<Answer> {
    let answer = first;
    let { url } = place;
    for (let hops = 0; isRedirect(answer); hops++) {
      answer.letGo();
      const { status } = answer;
      const location = answer.header("location");
      url = redirected(url, { method: request.method, status, location, hops });
      const there = dialTo(egress, { ...place, url });
      answer = await dialled(there, request).catch((error: unknown) => again(error, there, request, opens));
    }
    return answer;
  }

  function ask({ method = "POST", fields, body, ending, opens = false }: Asked, asker: Asker): void {
    const request: Request = { method, fields, body, ending };
    if (oauth === undefined || issuer === undefined) return void follow(request, opens, asker);
    void withTokenOf(oauth, issuer, request, opens).then(asker.answered, asker.failed);
  }

  async function withTokenOf(client: ClientCredentials, from: Place, request: Request, opens: boolean) {
    const token = await tokenFrom(client, from);
    const answer = await followed(withToken(request, token), opens);
    // Whoever is refused for the token has had nothing carried out.
    if (answer.status !== 401 || !egress.tokens.refused(client, from, token)) return answer;
    answer.letGo();
    return await followed(withToken(request, await tokenFrom(client, from)), opens);
  }

  async function tokenFrom(client: ClientCredentials, from: Place): Promise<string> {
    const token = await egress.tokens.of(client, from);
    target.hide?.(token);
    return token;
  }

  return {
    url: place.url,
    fields: (ours) => fieldsOf({ ...configured, ...ours }),
    reach: (asked) => answerTo((asker) => ask(asked, asker)),
    ask,
    at: (url) => httpClient({ ...target, url, egress }, limits),
  };
}

/** What did not reach anybody may be sent again; nothing else ever is. */
async function again(error: unknown, dial: Dial, request: Request, opens: boolean): Promise<Answer> {
  if (opens || !(error instanceof Unreached)) throw error;
  await sleep(againMs, request.ending.signal);
  return await dialled(dial, request);
}

const withToken = (request: Request, token: string): Request => ({
  ...request,
  fields: fieldsOf({ ...request.fields.record, authorization: `Bearer ${token}` }),
});

/** An issuer is often somebody else, with a certificate of a public authority; the rest of what is said is of the server alone. */
const besides = ({ ca }: TlsTrust): TlsTrust =>
  ca === undefined ? {} : { ca: [...process.getBuiltinModule("node:tls").rootCertificates, ca].join("\n") };
