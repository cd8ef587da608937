import { hostOf, mayReach, reachOf } from "../../lib/address-guard.ts";
import { Unreached, unavailable } from "./failures.ts";
import { type Answer, type Asker, answerTo, tell } from "./http1/answer.ts";
import type { Destination } from "./http1/connection.ts";
import type { Pool } from "./http1/pool.ts";
import { throughProxy } from "./http1/proxied.ts";
import { bytesOf, type Request, targetOf } from "./http1/request.ts";
import { unreachedBy } from "./reasons.ts";
import type { Resolver } from "./resolver.ts";
import { type TlsTrust, tlsOptions } from "./tls.ts";

/** How we get out: `isProxied` when a proxy of the environment connects in our place, and names lead where it says. */
export type Ways = { resolver: Resolver; pool: Pool; isProxied: boolean };

/** What may be reached and how it is trusted. `setting` is the field in which the address stands, `server` whose it is. */
export type Place = {
  url: URL;
  setting: string;
  server: string | undefined;
  /** `ownNetwork`: all of it, by a name too, and never where clouds tell credentials. */
  allowPrivate: boolean | "ownNetwork";
  trust: TlsTrust;
  /** How long a name may take to be resolved, and a connection to be opened. */
  connectMs: number;
};

/** Sends one request, once. It fails with Unreached when nothing was sent, else with a Problem `unavailable`. */
export type Dial = (request: Request, asker: Asker) => void;

/** The same as a promise. */
export const dialled = (dial: Dial, request: Request): Promise<Answer> => answerTo((asker) => dial(request, asker));

const triedAddresses = 4;

/**
 * How requests go to one place: to an address that was judged and to no other. The name is not asked for again in between, so that it cannot lead
 * elsewhere meanwhile. A request goes on to the next address only where no connection came about.
 */
export function dialTo(ways: Ways, place: Place): Dial {
  const { url, connectMs, trust } = place;
  const { host, isWritten } = hostOf(url);
  const name = isWritten ? undefined : host;
  const target = targetOf(url);
  const destinationAt = destinations(url, trust, name);

  const send = (address: string, request: Request, asker: Asker): void =>
    ways.pool.send(destinationAt(address), bytesOf(target, request), request.ending, connectMs, asker);

  let judged: readonly string[] | undefined;
  /** Once for each list of addresses. */
  function judge(addresses: readonly string[]): void {
    if (addresses === judged) return;
    demand(isWritten, addresses, place);
    judged = addresses;
  }
  const written = isWritten && host !== "localhost" ? [host] : [];

  async function byProxy(request: Request): Promise<Answer> {
    judge(written);
    return await throughProxy(url, trust, name, request).catch((error: unknown) => {
      throw unreachedBy(error);
    });
  }

  function byAddress(request: Request, asker: Asker): void {
    try {
      judge(written);
    } catch (why) {
      return void asker.failed(why);
    }
    send(host, request, asker);
  }

  async function byName(request: Request): Promise<Answer> {
    const addresses = await ways.resolver.addressesOf(host, connectMs);
    judge(addresses);
    const usable = place.allowPrivate === "ownNetwork" ? addresses.filter(isHarmless) : addresses;
    let failure: unknown;
    for (const address of usable.slice(0, triedAddresses)) {
      try {
        return await answerTo((asker) => send(address, request, asker));
      } catch (error) {
        if (!(error instanceof Unreached)) throw error;
        failure = error;
        await ways.resolver.demote(host, address);
      }
    }
    throw failure;
  }

  if (isWritten && !ways.isProxied) return byAddress;
  const later = ways.isProxied ? byProxy : byName;
  return (request, asker) => tell(later(request), asker);
}

/** Connections serve whoever reaches the same address in the same way, and nobody else: what one trusts another may not. */
function destinations(url: URL, trust: TlsTrust, name: string | undefined): (address: string) => Destination {
  const tls = url.protocol === "https:" ? tlsOptions(trust, name) : undefined;
  const port = Number(url.port || (tls === undefined ? 80 : 443));
  const common = `${port} ${tls === undefined ? "" : JSON.stringify(tls)}`;
  let last: Destination | undefined;
  return (hostname) => {
    if (last?.hostname !== hostname) last = { hostname, port, tls, key: `${hostname} ${common}` };
    return last;
  };
}

function demand(isWritten: boolean, addresses: readonly string[], { setting, server, allowPrivate }: Place): void {
  if (allowPrivate === "ownNetwork") {
    // Only those that may are connected to: a name of the own network (mDNS) often has an address of link-local beside its good one.
    if (addresses.length === 0 || addresses.some(isHarmless)) return;
    throw unavailable(`its \`${setting}\` leads to an address at which clouds tell credentials, or link-local`);
  }
  if (allowPrivate || mayReach(isWritten, addresses)) return;
  const what = isWritten
    ? "is an address at which clouds tell credentials, or link-local"
    : "is a name that leads to a private address";
  throw unavailable(
    `its \`${setting}\` ${what}, which is not reached; if that is meant: mcpctl edit server ${server ?? "NAME"}, and set \`allowPrivate: true\``,
  );
}

const isHarmless = (address: string): boolean => reachOf(address) !== "metadata";
