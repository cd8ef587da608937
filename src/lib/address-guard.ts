import { ipVersion } from "./address.ts";
import { once } from "./once.ts";

/** What addresses that begin alike have in common: as bits of IPv6, in which IPv4 is `::ffff:a.b.c.d`. */
const block = (start: string, bits: number): string =>
  bitsOf(start).slice(0, ipVersion(start) === 4 ? 96 + bits : bits);

/** Where a cloud tells a machine's credentials to whoever asks; all of link-local, since each cloud has its own place there. */
const metadata = once(() => [
  block("169.254.0.0", 16),
  block("fe80::", 10),
  block("fd00:ec2::254", 128),
  block("fd20:ce::254", 128),
  block("100.100.100.200", 32),
  block("168.63.129.16", 32),
  block("192.0.0.192", 32),
]);

/** IPv4 in IPv6 (RFC 6052 and IPv4-compatible): the last 32 bits. */
const embedding = once(() => [block("64:ff9b::", 96), block("::", 96)]);

/** All of the internet, and what of it is for special purposes (RFC 6890): no name of a stranger's leads there for a good reason. */
const internet = once(() => [block("0.0.0.0", 0), block("2000::", 3)]);
const special = once(() => [
  block("0.0.0.0", 8),
  block("10.0.0.0", 8),
  block("100.64.0.0", 10),
  block("127.0.0.0", 8),
  block("169.254.0.0", 16),
  block("172.16.0.0", 12),
  block("192.0.0.0", 24),
  block("192.0.2.0", 24),
  block("192.88.99.0", 24),
  block("192.168.0.0", 16),
  block("198.18.0.0", 15),
  block("198.51.100.0", 24),
  block("203.0.113.0", 24),
  block("224.0.0.0", 3),
  // Teredo among others, documentation, and 6to4, which hides an IPv4 address.
  block("2001::", 23),
  block("2001:db8::", 32),
  block("2002::", 16),
  block("3fff::", 20),
]);

/** What a request of ours may find at an address: a cloud's credentials, something of our own network, or the internet. */
export type Reach = "metadata" | "private" | "public";

/** Of what is no address nobody can say where it leads. */
export function reachOf(address: string): Reach {
  const plain = address.split("%")[0] ?? "";
  if (ipVersion(plain) === 0) return "private";
  const bits = bitsOf(plain);
  const embedded = isIn(bits, embedding()) ? block("0.0.0.0", 0) + bits.slice(96) : bits;
  if (isIn(bits, metadata()) || isIn(embedded, metadata())) return "metadata";
  return isIn(bits, internet()) && !isIn(bits, special()) ? "public" : "private";
}

/**
 * Whether a request may go to a host. An address that somebody wrote, or `localhost`, is what was meant, unless a cloud tells its credentials there;
 * a name belongs to somebody else, who may let it lead into our own network, now or later (ContextForge CVE-2026-77822).
 * @param addresses all that the name leads to: a wrong one refuses them all
 */
export function mayReach(isWritten: boolean, addresses: readonly string[]): boolean {
  const reaches = addresses.map(reachOf);
  return reaches.every((reach) => reach === "public" || (isWritten && reach === "private"));
}

/** The host of a URL: the address that is written in it, or the name, without the dot that may end it. */
export function hostOf({ hostname }: URL): { host: string; isWritten: boolean } {
  const host = hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  return { host, isWritten: ipVersion(host) !== 0 || host === "localhost" };
}

const isIn = (bits: string, blocks: readonly string[]): boolean => blocks.some((start) => bits.startsWith(start));

function bitsOf(address: string): string {
  const [head = "", tail] = (ipVersion(address) === 4 ? `::ffff:${address}` : address).split("::");
  const [left, right] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => 0);
  return [...left, ...zeros, ...right].map((group) => group.toString(2).padStart(16, "0")).join("");
}

/** IPv4 may stand at the end of IPv6. */
function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return group.includes(".") ? [a * 256 + b, c * 256 + d] : [Number.parseInt(group, 16)];
  });
}
