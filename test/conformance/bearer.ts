// `bun --preload` for the official suite, which has no option for a token: adds `Authorization` to what goes to the gateway, and to nothing else.
import http from "node:http";
import { createRequire } from "node:module";

const { MCP_BEARER: token = "", MCP_BEARER_ORIGIN: origin = "" } = process.env;
const authorization = `Bearer ${token}`;
type Sent = { hostname?: string; port?: string | number; headers?: Record<string, string> };

const plainFetch = globalThis.fetch;
const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const request = new Request(input, init);
  if (new URL(request.url).origin === origin && !request.headers.has("authorization"))
    request.headers.set("authorization", authorization);
  return await plainFetch(request);
};
globalThis.fetch = Object.assign(fetch, plainFetch);

const plainRequest = http.request;
http.request = ((options: Sent, ...rest: unknown[]) => {
  const isOurs = `http://${options.hostname}:${options.port}` === origin;
  const headers = isOurs ? { ...options.headers, authorization } : options.headers;
  return Reflect.apply(plainRequest, http, [{ ...options, headers }, ...rest]);
}) as typeof http.request;

// It must be changed before the first `import` of it: Bun then hands out what stands here.
const undici = createRequire(import.meta.url)("undici") as { request: (url: string, options?: Sent) => unknown };
const plainUndici = undici.request;
undici.request = (url, options = {}) =>
  plainUndici(
    url,
    new URL(url).origin === origin ? { ...options, headers: { authorization, ...options.headers } } : options,
  );
