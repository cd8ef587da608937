import type { Socket } from "node:net";
import { onAbort } from "../../lib/abort.ts";
import { hostOf, mayReach, reachOf } from "../../lib/address-guard.ts";
import { Unreached, unavailable } from "./failures.ts";
import { unreachedBy } from "./reasons.ts";
import type { Resolver } from "./resolver.ts";
import { type TlsTrust, tlsOptions } from "./tls.ts";

/** How we get out: `isProxied` when a proxy of the environment connects in our place, and names lead where it says. */
export type Ways = { resolver: Resolver; isProxied: boolean };

/** What may be reached and how it is trusted. `setting` is the field in which the address stands, `server` whose it is. */
export type Place = {
  url: URL;
  setting: string;
  server: string | undefined;
  /** `ownNetwork`: all of it, by a name too, and never where clouds tell credentials. */
  allowPrivate: boolean | "ownNetwork";
  trust: TlsTrust;
  /** How long a name may take to be resolved. */
  connectMs: number;
};

export type Init = { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal };

/**
 * One request, sent once, to an address that was judged and to no other: the name is not asked for again in between, so that it cannot lead
 * elsewhere meanwhile. It goes on to the next address only where no connection came about.
 * @param opens with which nothing is under way yet: without a connection in `connectMs` it fails
 * @throws Unreached when nothing was sent
 * @throws Problem `unavailable`
 */
export async function dial(ways: Ways, place: Place, init: Init, opens = false): Promise<Response> {
  const { url, connectMs } = place;
  const { host, isWritten } = hostOf(url);
  if (isWritten || ways.isProxied) {
    demand(isWritten, isWritten && host !== "localhost" ? [host] : [], place);
    return await connect(place, undefined, init, opens && !ways.isProxied);
  }
  const addresses = await ways.resolver.addressesOf(host, connectMs);
  const usable = place.allowPrivate === "ownNetwork" ? addresses.filter(isHarmless) : addresses;
  demand(false, addresses, place);
  let failure: unknown;
  for (const address of usable.slice(0, triedAddresses)) {
    try {
      return await connect(place, address, init, opens);
    } catch (error) {
      if (!(error instanceof Unreached)) throw error;
      failure = error;
      await ways.resolver.demote(host, address);
    }
  }
  throw failure;
}

const triedAddresses = 4;

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

/** @param address to connect to in place of the url's host */
async function connect(place: Place, address: string | undefined, init: Init, opens: boolean): Promise<Response> {
  const { url, trust, connectMs } = place;
  const { host, isWritten } = hostOf(url);
  const at = address === undefined ? url : pinned(url, address);
  const tls = url.protocol === "https:" ? { tls: tlsOptions(trust, isWritten ? undefined : host) } : {};
  // Bun's own limit would end a tool that thinks for longer; ours is the one that counts.
  const own = { redirect: "manual", timeout: false, ...tls } as const;
  const headers = address === undefined ? init.headers : { host: url.host, ...init.headers };
  const giving = new AbortController();
  const signal = opens ? AbortSignal.any([init.signal, giving.signal]) : init.signal;
  const answer = fetch(at.href, { ...init, ...own, headers, signal } as RequestInit).catch((error: unknown) => {
    throw giving.signal.aborted ? tooLate(connectMs) : unreachedBy(error);
  });
  if (!opens) return await answer;
  const looking = new AbortController();
  void takesConnections(at, connectMs, looking.signal).then((takes) => {
    if (!takes) giving.abort();
  });
  return await answer.finally(() => looking.abort());
}

function pinned(url: URL, address: string): URL {
  const at = new URL(url);
  at.hostname = address.includes(":") ? `[${address}]` : address;
  return at;
}

const tooLate = (ms: number) => new Unreached(`it cannot be reached: no connection within ${ms / 1000} s`);

/** The share of the time after which a request without an answer makes us look whether there is a connection at all. */
const patientShare = 0.25;

/**
 * False when the address has not taken a connection in time. `fetch` cannot tell an answer that takes long from a connection that does, so one more
 * connection is tried beside it, and only then: a server that answers quickly sees nothing of it.
 */
async function takesConnections(at: URL, ms: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const port = Number(at.port || (at.protocol === "https:" ? 443 : 80));
  let socket: Socket | undefined;
  const look = setTimeout(() => {
    socket = process.getBuiltinModule("node:net").createConnection({ host: hostOf(at).host, port });
    socket.once("connect", () => resolve(true));
    // A refusal is an answer too, and `fetch` gets it by itself.
    socket.once("error", () => resolve(true));
  }, ms * patientShare);
  const end = setTimeout(() => resolve(false), ms);
  onAbort(signal, () => resolve(true));
  try {
    return await promise;
  } finally {
    clearTimeout(look);
    clearTimeout(end);
    socket?.destroy();
  }
}
