import { systemClock } from "../../lib/clock.ts";
import { sleep } from "../../lib/wait.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import type { ClientCredentials } from "./client-credentials.ts";
import { type Dial, dialled, dialTo, type Place } from "./dial.ts";
import { createEgress, type Egress } from "./egress.ts";
import { Unreached } from "./failures.ts";
import { type Answer, type Asker, answerTo, tell } from "./http1/answer.ts";
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

/** `opens`: nothing is under way yet, and it fails at once where there is nobody. */
export type Asking = Request & { readonly opens: boolean };

/** `fields`: as `HttpClient.fields` has made them. */
export type Asked = Pick<Request, "fields" | "body" | "ending"> & {
  method?: "GET" | "POST" | "DELETE";
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
  ask: (asking: Asking, asker: Asker) => void;
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

  const onward: Onward = {
    elsewhere,
    again: async (error, asking) => await elsewhere(await again(error, dial, asking), asking),
  };
  const follow = (asking: Asking, asker: Asker): void => dial(asking, new Following(onward, asking, asker));

  async function elsewhere(first: Answer, asking: Asking): Promise<Answer> {
    let answer = first;
    let { url } = place;
    for (let hops = 0; isRedirect(answer); hops++) {
      answer.letGo();
      const { status } = answer;
      const location = answer.header("location");
      url = redirected(url, { method: asking.method, status, location, hops });
      const there = dialTo(egress, { ...place, url });
      answer = await dialled(there, asking).catch((error: unknown) => again(error, there, asking));
    }
    return answer;
  }

  function ask(asking: Asking, asker: Asker): void {
    if (oauth === undefined || issuer === undefined) follow(asking, asker);
    else tell(withTokenOf(oauth, issuer, asking), asker);
  }

  async function withTokenOf(client: ClientCredentials, from: Place, asking: Asking): Promise<Answer> {
    const token = await tokenFrom(client, from);
    const answer = await answerTo((asker) => follow(withToken(asking, token), asker));
    // Whoever is refused for the token has had nothing carried out.
    if (answer.status !== 401 || !egress.tokens.refused(client, from, token)) return answer;
    answer.letGo();
    const another = await tokenFrom(client, from);
    return await answerTo((asker) => follow(withToken(asking, another), asker));
  }

  async function tokenFrom(client: ClientCredentials, from: Place): Promise<string> {
    const token = await egress.tokens.of(client, from);
    target.hide?.(token);
    return token;
  }

  return {
    url: place.url,
    fields: (ours) => fieldsOf({ ...configured, ...ours }),
    reach: ({ method = "POST", fields, body, ending, opens = false }) =>
      answerTo((asker) => ask({ method, fields, body, ending, opens }, asker)),
    ask,
    at: (url) => httpClient({ ...target, url, egress }, limits),
  };
}

/** How it goes on with what was asked: where a redirect leads, or once more. */
type Onward = {
  elsewhere: (answer: Answer, asking: Asking) => Promise<Answer>;
  again: (error: unknown, asking: Asking) => Promise<Answer>;
};

/** Hands on the answer, and goes on where it is none yet. */
class Following implements Asker {
  readonly #onward: Onward;
  readonly #asking: Asking;
  readonly #asker: Asker;

  constructor(onward: Onward, asking: Asking, asker: Asker) {
    this.#onward = onward;
    this.#asking = asking;
    this.#asker = asker;
  }

  answered(answer: Answer): void {
    if (isRedirect(answer)) tell(this.#onward.elsewhere(answer, this.#asking), this.#asker);
    else this.#asker.answered(answer);
  }

  failed(error: unknown): void {
    tell(this.#onward.again(error, this.#asking), this.#asker);
  }
}

/** What did not reach anybody may be sent again; nothing else ever is. */
async function again(error: unknown, dial: Dial, asking: Asking): Promise<Answer> {
  if (asking.opens || !(error instanceof Unreached)) throw error;
  await sleep(againMs, asking.ending.signal);
  return await dialled(dial, asking);
}

// Part by part: a spread leaves out what an object of a class answers when asked.
const withToken = ({ method, fields, body, ending, opens }: Asking, token: string): Asking => {
  const record = { ...fields.record, authorization: `Bearer ${token}` };
  return { method, fields: fieldsOf(record), body, ending, opens };
};

/** An issuer is often somebody else, with a certificate of a public authority; the rest of what is said is of the server alone. */
const besides = ({ ca }: TlsTrust): TlsTrust =>
  ca === undefined ? {} : { ca: [...process.getBuiltinModule("node:tls").rootCertificates, ca].join("\n") };
