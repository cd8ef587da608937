/** A caller's network address as people write it: IPv4 that came over an IPv6 socket (`::ffff:192.0.2.7`) is IPv4 again. */
export function plainAddress(address: string): string {
  if (!mapped.test(address)) return address;
  const [, dotted, high, low] = mapped.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return address;
  const bits = [high, low].map((group) => Number.parseInt(group, 16));
  return bits.flatMap((group) => [group >> 8, group & 255]).join(".");
}

/** What is counted as one caller. One IPv6 customer has a /64 and may come from any address in it; IPv4 stands for itself. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = (plain.split("%")[0] ?? "").split("::");
  const [left, right] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = Array.from({ length: tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length) }, () => "0");
  const network = [...left, ...zeros, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}

const mapped = /^::ffff:(?:((?:\d{1,3}\.){3}\d{1,3})|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/** IPv4 at the end is two groups, and never of the network. */
const groupsOf = (text: string) => (text === "" ? [] : text.replace(/[\d.]*\.[\d.]*$/, "0:0").split(":"));

const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);
const group = /^[0-9a-f]{1,4}$/i;
const zone = /%[0-9a-z.:-]+$/i;

/** 0 for what is no address. As `isIP` of `node:net`, which costs half the start of an empty program to load. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (ipv4.test(text)) return 4;
  const [head = "", tail, ...more] = text.replace(zone, "").split("::");
  const groups = [head, tail ?? ""].flatMap((half) => (half === "" ? [] : half.split(":")));
  // IPv4 may stand at the end, in place of two groups.
  const dotted = (tail ?? head) !== "" && ipv4.test(groups.at(-1) ?? "") ? 1 : 0;
  const count = groups.length + dotted;
  const isWhole = tail === undefined ? count === 8 : count < 8 && more.length === 0;
  return isWhole && groups.slice(0, groups.length - dotted).every((each) => group.test(each)) ? 6 : 0;
}
