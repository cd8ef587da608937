import { systemClock } from "../../lib/clock.ts";
import { sleep } from "../../lib/wait.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import type { ClientCredentials } from "./client-credentials.ts";
import { dial, type Init, type Place } from "./dial.ts";
import { createEgress, type Egress } from "./egress.ts";
import { Unreached } from "./failures.ts";
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

export type Asked = Omit<Init, "method"> & {
  method?: "GET" | "POST" | "DELETE";
  /** Nothing is under way yet: it fails at once where there is nobody, and without a connection within `connectSeconds`. */
  opens?: boolean;
};

/** How long a server that is just being started again may take, before a request that did not reach it is tried for the second and last time. */
const againMs = 250;

/** Sends requests to one server: with its headers, its token, to where it may be reached, on to where it redirects within its own origin. */
export type HttpClient = {
  readonly url: URL;
  /**
   * The answer to one request, whatever its status.
   * @throws Problem `unavailable` when it cannot be reached, may not be, or redirects elsewhere
   */
  reach: (asked: Asked) => Promise<Response>;
  /** The same server at another of its addresses. */
  at: (url: string) => HttpClient;
};

export function httpClient(target: HttpTarget, limits: Pick<ServerLimits, "connectSeconds">): HttpClient {
  const { server, allowPrivate = false, tls: trust = {}, oauth, egress = createEgress(systemClock, false) } = target;
  const common = { server, allowPrivate, connectMs: limits.connectSeconds * 1000 };
  const place: Place = { ...common, url: new URL(target.url), setting: "url", trust };
  const issuer = oauth && { ...common, url: new URL(oauth.tokenUrl), setting: "oauth.tokenUrl", trust: besides(trust) };
  // In whatever case somebody configured a header that is ours to set, ours is the one that counts.
  const configured = Object.fromEntries(
    Object.entries(target.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );

  async function follow(init: Init, opens: boolean): Promise<Response> {
    const { method } = init;
    let url = place.url;
    for (let hops = 0; ; hops++) {
      const response = await reachedOnce({ ...place, url }, init, opens);
      if (!isRedirect(response)) return response;
      await response.body?.cancel();
      const { status, headers } = response;
      url = redirected(url, { method, status, location: headers.get("location"), hops });
    }
  }

  /** What did not reach anybody may be sent again; nothing else ever is. */
  async function reachedOnce(at: Place, init: Init, opens: boolean): Promise<Response> {
    try {
      return await dial(egress, at, init, opens);
    } catch (error) {
      if (opens || !(error instanceof Unreached)) throw error;
      await sleep(againMs, init.signal);
      return await dial(egress, at, init);
    }
  }

  async function reach({ method = "POST", opens = false, headers, ...rest }: Asked): Promise<Response> {
    const accept = method === "POST" ? "application/json, text/event-stream" : "text/event-stream";
    const init: Init = { ...rest, method, headers: { ...configured, accept, ...headers } };
    if (oauth === undefined || issuer === undefined) return await follow(init, opens);
    const token = await tokenFrom(oauth, issuer);
    const response = await follow(withToken(init, token), opens);
    // Whoever is refused for the token has had nothing carried out.
    if (response.status !== 401 || !egress.tokens.refused(oauth, issuer, token)) return response;
    await response.body?.cancel();
    return await follow(withToken(init, await tokenFrom(oauth, issuer)), opens);
  }

  async function tokenFrom(client: ClientCredentials, from: Place): Promise<string> {
    const token = await egress.tokens.of(client, from);
    target.hide?.(token);
    return token;
  }

  return { url: place.url, reach, at: (url) => httpClient({ ...target, url, egress }, limits) };
}

const withToken = (init: Init, token: string): Init => ({
  ...init,
  headers: { ...init.headers, authorization: `Bearer ${token}` },
});

/** An issuer is often somebody else, with a certificate of a public authority; the rest of what is said is of the server alone. */
const besides = ({ ca }: TlsTrust): TlsTrust =>
  ca === undefined ? {} : { ca: [...process.getBuiltinModule("node:tls").rootCertificates, ca].join("\n") };
