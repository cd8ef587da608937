import { isObject } from "../lib/object.ts";
import { Problem, problemFrom } from "../lib/problem.ts";
import { version } from "../lib/version.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { versionHeader, withSkew } from "./skew.ts";
import { unreachable } from "./unreachable.ts";

/** How certificates are judged: by an authority of one's own, or not at all. */
export type Tls = { ca?: string; rejectUnauthorized?: false };

/** An instance, and what to show it. `login` finds a bearer that takes looking for, such as one in the system's keyring. */
export type Target = {
  url: string;
  token: string | undefined;
  login?: (() => Promise<string | undefined>) | undefined;
  tls?: Tls | undefined;
  /** The variable that names a proxy for this address. */
  proxy?: string | undefined;
};
export type Fetch = (request: Request, options?: { tls?: Tls }) => Promise<Response>;

/** A request that was made: what `--verbose` tells. Never a body or a bearer. `status` is undefined when there was no answer. */
export type Exchange = {
  method: string;
  path: string;
  status: number | undefined;
  ms: number;
  requestId: string | undefined;
  /** That of the server, where it says so. */
  version: string | undefined;
};

const deadlineMs = 60_000;

/** What the target is asked with: its token, or the one it knows how to find. */
export const bearerOf = async ({ token, login }: Target): Promise<string | undefined> => token ?? (await login?.());

/** The control API of one instance, typed by the registry of kinds. Problems of the server come out as the Problems they were. */
export type Client = ReturnType<typeof connect>;

export function connect(target: Target, fetch: Fetch, observe: (exchange: Exchange) => void = () => {}) {
  const { url, tls, proxy } = target;
  const bearer = remembered(() => bearerOf(target));

  async function send(
    method: string,
    path: string,
    body?: unknown,
    { signal, headers = {} }: { signal?: AbortSignal | undefined; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const token = await bearer();
    const isBytes = body instanceof Uint8Array;
    const request = new Request(new URL(path, url), {
      method,
      redirect: "manual",
      signal: signal ?? AbortSignal.timeout(deadlineMs),
      headers: {
        ...(body === undefined ? {} : { "content-type": isBytes ? "application/octet-stream" : "application/json" }),
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const start = performance.now();
    const seen = (response?: Response) =>
      observe({
        method,
        path,
        status: response?.status,
        ms: Math.round(performance.now() - start),
        requestId: response?.headers.get("x-request-id") ?? undefined,
        version: response?.headers.get(versionHeader) ?? undefined,
      });
    const response = await fetch(request, tls === undefined ? {} : { tls }).catch((error: unknown) => {
      seen();
      if (error instanceof Error && error.name === "AbortError") throw error;
      throw unreachable(url, error, proxy);
    });
    seen(response);
    if (response.ok) return response;
    throw await refusal(response, url);
  }

  type Headers = Record<string, string>;
  const json = async (method: string, path: string, body?: unknown, headers: Headers = {}): Promise<unknown> => {
    const response = await send(method, path, body, { headers });
    return await response.json().catch((error: unknown) => {
      throw error instanceof SyntaxError ? stranger(url, "with something else than JSON") : brokenOff(url, error);
    });
  };
  const resource = async (method: string, path: string, body?: unknown, headers?: Headers): Promise<Resource> => {
    const value = await json(method, path, body, headers);
    if (isResource(value)) return value;
    throw stranger(url, "in a shape of its own");
  };
  const pathOf = (kind: AnyKind, ref?: string) =>
    `/api/v1/${kind.plural}${ref === undefined ? "" : `/${encodeURIComponent(ref)}`}`;
  const inProject = (project: string | undefined) =>
    project === undefined ? "" : `?project=${encodeURIComponent(project)}`;

  return {
    url,
    send,
    json,
    /** What is said of an answer that is none of ours. */
    stranger: (answer: string) => stranger(url, answer),
    lines: (path: string, signal?: AbortSignal) => linesOf(send("GET", path, undefined, { signal }), url),
    /** A list of any length, in parts as they come. An instance that knows no lines answers it as one part. */
    parts: (kind: AnyKind, query: ListQuery = {}, signal?: AbortSignal) =>
      partsOf(send("GET", pathOf(kind) + inQuery(query), undefined, { headers: { accept: lineType }, signal }), url),
    /** What there is, and what becomes of it: lines without end, read as events. */
    watch: (kind: AnyKind, query: ListQuery, signal: AbortSignal) =>
      eventsOf(
        linesOf(send("GET", pathOf(kind) + inQuery({ ...query, watch: "true" }), undefined, { signal }), url),
        url,
      ),
    list: async (kind: AnyKind, project?: string, server?: string): Promise<Resource[]> => {
      const query = new URLSearchParams({ ...(project !== undefined && { project }), ...(server && { server }) });
      const path = query.size === 0 ? pathOf(kind) : `${pathOf(kind)}?${query}`;
      const { items } = ((await json("GET", path)) ?? {}) as { items?: unknown };
      if (Array.isArray(items) && items.every(isResource)) return items;
      throw stranger(url, "in a shape of its own");
    },
    get: (kind: AnyKind, ref: string, project?: string) => resource("GET", pathOf(kind, ref) + inProject(project)),
    create: async (kind: AnyKind, fields: Record<string, unknown>) =>
      (await resource("POST", pathOf(kind), fields)) as Resource & { token?: string },
    /** Replaces that version and no other. @throws Problem `conflict` when somebody was faster */
    update: (kind: AnyKind, ref: string, fields: Record<string, unknown>, version: number) =>
      resource("PUT", pathOf(kind, ref), fields, { "if-match": String(version) }),
    /** Makes it, or replaces what is there. */
    replace: async (kind: AnyKind, ref: string, fields: Record<string, unknown>) =>
      (await resource("PUT", pathOf(kind, ref), fields)) as Resource & { token?: string },
    /** Changes some fields (RFC 7396): of that version and no other, or of whichever is there. */
    patch: (kind: AnyKind, ref: string, change: Record<string, unknown>, version?: number) =>
      resource("PATCH", pathOf(kind, ref), change, {
        "content-type": "application/merge-patch+json",
        ...(version === undefined ? {} : { "if-match": String(version) }),
      }),
    /** What is done with one besides changing and deleting it, such as `revoke`. */
    act: (kind: AnyKind, ref: string, action: string, project: string | undefined, body?: unknown) =>
      json("POST", `${pathOf(kind, ref)}/${action}${inProject(project)}`, body),
    /** Answers what became of it, where it is not gone: `restored to its default`. */
    remove: async (kind: AnyKind, ref: string, project?: string): Promise<string | undefined> => {
      const answer = await json("DELETE", pathOf(kind, ref) + inProject(project));
      return isObject(answer) && typeof answer["action"] === "string" ? answer["action"] : undefined;
    },
  };
}

/** Which of a list: the names of the API's query. What is absent is not asked about. */
export type ListQuery = { project?: string | undefined; server?: string | undefined; labels?: string | undefined };

/** A line of a watch; `synced` follows what there was at first, `alive` comes now and then where nothing happens. */
export type ListEvent =
  | { type: "added" | "changed"; item: Resource }
  | { type: "deleted"; item: Pick<Resource, "id" | "name"> }
  | { type: "synced" }
  | { type: "alive" };

const lineType = "application/x-ndjson";

function inQuery(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

async function* partsOf(answer: Promise<Response>, url: string): AsyncGenerator<Resource[]> {
  const response = await answer;
  if (response.headers.get("content-type")?.includes(lineType) !== true) {
    const { items } = ((await response.json().catch(() => undefined)) ?? {}) as { items?: unknown };
    if (!Array.isArray(items) || !items.every(isResource)) throw stranger(url, "in a shape of its own");
    yield items;
    return;
  }
  for await (const lines of chunksOf(response, url)) yield lines.map((line) => resourceIn(line, url));
}

function resourceIn(line: string, url: string): Resource {
  const value = parsed(line, url);
  if (isResource(value)) return value;
  throw stranger(url, "in a shape of its own");
}

function parsed(line: string, url: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw brokenOff(url, error);
  }
}

/** @throws Problem that of the server where the right to look has ended */
async function* eventsOf(lines: AsyncGenerator<string>, url: string): AsyncGenerator<ListEvent> {
  for await (const line of lines) {
    if (line === "") {
      yield { type: "alive" };
      continue;
    }
    const event = parsed(line, url) as ListEvent | { type: "refused"; problem: unknown };
    if (event.type === "refused") throw problemFrom(event.problem) ?? stranger(url, "in a shape of its own");
    yield event;
  }
}

const longestLine = 1_000_000;

/** Lines as they come; one without an end is handed on in pieces. @throws Problem `unavailable` when the answer breaks off */
async function* linesOf(answer: Promise<Response>, url: string): AsyncGenerator<string> {
  for await (const lines of chunksOf(await answer, url)) yield* lines;
}

/** The same, those together that came together. */
async function* chunksOf({ body }: Response, url: string): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let pending = "";
  try {
    for await (const chunk of body ?? []) {
      const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
      pending = lines.pop() ?? "";
      if (lines.length > 0) yield lines;
      if (pending.length > longestLine) {
        yield [pending];
        pending = "";
      }
    }
  } catch (error) {
    throw error instanceof Error && error.name === "AbortError" ? error : brokenOff(url, error);
  }
  if (pending !== "") yield [pending];
}

const brokenOff = (url: string, cause: unknown) =>
  new Problem("unavailable", `mcpctl at ${url} stopped in the middle of its answer`, {
    hint: "mcpctl status",
    cause,
  });

/** The server's own problem; or what can be said of an answer that is none of ours. */
async function refusal(response: Response, url: string): Promise<Problem> {
  const { status, headers } = response;
  const location = URL.parse(headers.get("location") ?? "", url)?.origin;
  if (status >= 300 && status < 400 && location !== undefined)
    return new Problem(
      "unavailable",
      `${url} sends to ${location}; a login is shown to no other than it was made for`,
      {
        hint: `mcpctl login ${location}`,
      },
    );
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemFrom(body);
  if (problem === undefined) return stranger(url, `${answerOf(headers)}HTTP ${status}`);
  // The server does not know by which name it was reached.
  if (problem.code === "unauthenticated" && (problem.hint ?? "mcpctl login") === "mcpctl login")
    return new Problem("unauthenticated", problem.message, {
      hint: `mcpctl login ${url}`,
      requestId: problem.requestId,
    });
  return withSkew(problem, version, headers.get(versionHeader) ?? undefined);
}

const answerOf = (headers: Headers): string =>
  /html/.test(headers.get("content-type") ?? "") ? "a web page with " : "";

const stranger = (url: string, answer: string) =>
  new Problem("unavailable", `${url} answered ${answer}; is it an mcpctl?`, {
    hint: "check --url and the context, and what stands before it, such as a proxy: mcpctl context list",
  });

/** Asked for once, however many requests there are: a keyring may take its time. */
function remembered<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find();
    return found;
  };
}

function isResource(value: unknown): value is Resource {
  const { id, name } = (value ?? {}) as Partial<Resource>;
  return typeof id === "string" && typeof name === "string";
}
