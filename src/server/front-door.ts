import { hostname } from "node:os";

export type FrontDoor = { allowedHosts: readonly string[]; allowedOrigins: readonly string[] };

/**
 * Why a request must not come in, or undefined. A browser page of somebody else's can make a visitor's browser speak to us under a name of
 * its own (DNS rebinding); people who type an address or this machine's name are let in without configuring anything (design §6).
 */
export function refusalAtDoor(headers: Headers, { allowedHosts, allowedOrigins }: FrontDoor): string | undefined {
  const host = headers.get("host");
  const name = host === null ? undefined : nameOf(host);
  if (name === undefined || !isOurs(name, allowedHosts)) return "this Host is not one that mcpctl answers to";
  const origin = headers.get("origin");
  if (origin === null || allowedOrigins.includes(origin)) return undefined;
  return origin === `http://${host}` || origin === `https://${host}` ? undefined : "this Origin is not allowed";
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
