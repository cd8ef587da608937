import { parsedJson } from "../../../lib/json.ts";
import { isObject } from "../../../lib/object.ts";
import { type Exchange, inShort } from "../exchange.ts";
import { tried } from "../row.ts";
import type { Wire } from "../speaker.ts";
import type { Probe } from "./probe.ts";

/** What is open to everybody beside the endpoint. */
export const pages: readonly Probe[] = [
  {
    id: "MCP-SEC-011",
    sends:
      "GET without a credential of /metrics, /config, /env, /sessions, /health, pages for debugging, and up to 40 paths that an OpenAPI document names",
    over: "http",
    tried: tried(async (speaker, { wire }) => {
      const nothing = await get(wire, `/mcpctl-probe-${crypto.randomUUID()}`);
      const answers: Page[] = [];
      const document = parsedJson((await get(wire, "/openapi.json")).text);
      for (const path of new Set([...inner, ...pathsOf(document)]))
        answers.push({ path, answer: await get(wire, path) });
      return { nothing, answers, session: speaker.session };
    }, told),
  },
];

type Page = { path: string; answer: Exchange };

const inner = [
  ...["/metrics", "/debug", "/debug/vars", "/debug/pprof/", "/config", "/.env", "/env", "/sessions"],
  "/health",
] as const;
const mostPaths = 40;

const get = (wire: Wire, path: string): Promise<Exchange> =>
  wire.send({ url: new URL(path, wire.url).href, method: "GET", as: "nobody", headers: { accept: "*/*" } });

/** Pages that are there to be read by anybody: that all is well, which version it is, how to log in, what the token is that one shows. */
const isForAll = (path: string): boolean =>
  path === "/" ||
  /(health|ready|live|version|openapi|docs|login|introspect|\.well-known|favicon|\.(js|css|svg|ico|png))/.test(path);

/** What can be asked for as it stands there. The document itself says no more than a manual would. */
export function pathsOf(document: unknown): string[] {
  const paths = isObject(document) && isObject(document["paths"]) ? document["paths"] : {};
  return Object.entries(paths)
    .filter(([path, methods]) => path.startsWith("/") && isObject(methods) && "get" in methods && !path.includes("{"))
    .map(([path]) => path)
    .filter((path) => !isForAll(path))
    .slice(0, mostPaths);
}

/** A server of pages answers any path with the same one. One about health may say that all is well, and no more. */
export function told(seen: { nothing: Exchange; answers: Page[]; session: string | undefined }): string | undefined {
  const { nothing, answers, session } = seen;
  const tells = answers.filter(({ path, answer: { status, text } }) => {
    if (status !== 200 || text.trim() === "" || text === nothing.text) return false;
    return path === "/health" ? session !== undefined && text.includes(session) : true;
  });
  return tells.length === 0 ? undefined : tells.map(({ path, answer }) => `${path}: ${inShort(answer)}`).join("; ");
}
