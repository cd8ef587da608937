import { hostname } from "node:os";
import type { Trust } from "../auth/access-token.ts";
import { endpointAt, methodsOf } from "../mcp/endpoint.ts";
import { preflight } from "./cors.ts";
import { isEndpoint, wellKnown } from "./well-known.ts";

/** What is wrong, and what to do about it. */
type Refusal = { detail: string; hint: string };
const foreignHost: Refusal = {
  detail: "this Host is not one that mcpctl answers to",
  hint: "connect by IP address, localhost or the machine's name, or add the name to allowedHosts in the configuration",
};
const foreignOrigin: Refusal = {
  detail: "this Origin is not allowed",
  hint: "add the page's origin, such as https://ui.example.com, to allowedOrigins in the configuration",
};

export type FrontDoor = { allowedHosts: readonly string[]; allowedOrigins: readonly string[] };

/**
 * Why a request must not come in, or undefined. A browser page of somebody else's can make a visitor's browser speak to us under a name of
 * its own (DNS rebinding); people who type an address or this machine's name are let in without configuring anything (design §6).
 */
export function refusalAtDoor(headers: Headers, { allowedHosts, allowedOrigins }: FrontDoor): Refusal | undefined {
  const host = headers.get("host");
  const name = host === null ? undefined : nameOf(host);
  if (name === undefined || !isOurs(name, allowedHosts)) return foreignHost;
  const origin = headers.get("origin");
  if (origin === null || allowedOrigins.includes(origin)) return undefined;
  const own = host?.toLowerCase();
  return origin === `http://${own}` || origin === `https://${own}` ? undefined : foreignOrigin;
}

/**
 * What is answered before anybody is asked who they are: what a browser asks first, where OAuth would be found, and HEAD, which clients send
 * only to see whether a login is asked of them (reference/clients.md §3.3).
 */
export function answeredAtDoor(
  request: Request,
  path: string,
  { oauth }: { oauth: Trust | undefined },
): Response | undefined {
  if (request.method === "OPTIONS") return preflight(request, path);
  return (
    wellKnown(request, path, oauth) ?? (request.method === "HEAD" && isEndpoint(path) ? headRefused(path) : undefined)
  );
}

function headRefused(path: string): Response {
  const methods = methodsOf(endpointAt(path)?.transport ?? "streamable", true);
  return new Response(null, { status: 405, headers: { allow: methods.join(", ") } });
}

/** Hosts that were let in; a page can make a browser send as many others as it likes. */
const mostHosts = 256;

/** The same, with the hosts that were let in remembered: nothing that they are judged by changes while the server runs. */
export function frontDoor(door: FrontDoor): (headers: Headers) => Refusal | undefined {
  const hosts = new Set<string>();
  return (headers) => {
    const host = headers.get("host");
    if (host !== null && hosts.has(host) && !headers.has("origin")) return undefined;
    const refusal = refusalAtDoor(headers, door);
    if (refusal !== undefined || host === null) return refusal;
    if (hosts.size >= mostHosts) hosts.clear();
    hosts.add(host);
    return undefined;
  };
}

/** One host and perhaps a port. Bun joins two Host headers by a comma, which is neither. */
const hostShape = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;
const ipv4 = /^(\d{1,3}\.){3}\d{1,3}$/;

function nameOf(host: string): string | undefined {
  return hostShape.exec(host)?.[1]?.toLowerCase();
}

function isOurs(name: string, allowed: readonly string[]): boolean {
  if (name.startsWith("[") || ipv4.test(name) || name === "localhost") return true;
  const machine = hostname().toLowerCase();
  const own = [machine, machine.split(".")[0] ?? machine].flatMap((word) => [word, `${word}.local`]);
  return own.includes(name) || allowed.some((entry) => entry.toLowerCase() === name);
}
