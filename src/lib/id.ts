/** What a resource may be called: letters, digits and dashes, as in a host name. At most 63 characters. */
export const namePattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

const nameExpression = new RegExp(namePattern);
export const isName = (text: string): boolean => nameExpression.test(text);

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** UUIDv7: sorts by time of making. Rights and tokens bind to these, never to names. */
export const newId = (): string => Bun.randomUUIDv7();

export const isId = (text: string): boolean => uuidPattern.test(text);

const longestName = 63;
const digest = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 6);

/** A name out of any text: the same text always gives the same, and two long ones that begin alike do not. */
export function nameFrom(text: string): string {
  const slug = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  if (slug === "") return `x-${digest(text)}`;
  return slug.length <= longestName ? slug : `${slug.slice(0, longestName - 7).replace(/-$/, "")}-${digest(text)}`;
}

/** The name, or the first of NAME-2, NAME-3… that is not taken yet; it is taken afterwards. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name.slice(0, longestName - 1 - String(n).length)}-${n}`;
  taken.add(free);
  return free;
}
