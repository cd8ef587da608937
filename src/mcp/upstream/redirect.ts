import { unavailable } from "./failures.ts";

const most = 3;
const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export const isRedirect = ({ status }: { status: number }): boolean => statuses.has(status);

/**
 * Where a request goes on. Only within its own origin, since credentials go along, and only when it goes on as it is: a server that answers so has
 * not carried it out.
 * @param hops how often it went on already
 * @throws Problem `unavailable`, with what to do
 */
export function redirected(
  from: URL,
  { method, status, location, hops }: { method: string; status: number; location: string | undefined; hops: number },
): URL {
  if (location === undefined || !URL.canParse(location, from))
    throw unavailable(`the server answered HTTP ${status} and not where it is instead`);
  const to = new URL(location, from);
  if (to.origin !== from.origin) {
    const where = to.origin === "null" ? "" : ` (${to.origin.slice(0, 200)})`;
    throw unavailable(
      `it redirects to another origin${where}, which is not followed: credentials would go along; set \`url\` to it if it is right`,
    );
  }
  if (method !== "GET" && status !== 307 && status !== 308)
    throw unavailable(
      `the server says it moved to ${(to.origin + to.pathname).slice(0, 300)}: put that address into \`url\``,
    );
  if (hops >= most) throw unavailable(`it redirects more than ${most} times`);
  return to;
}
