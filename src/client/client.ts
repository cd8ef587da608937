import { Problem, problemFrom } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";

export type Target = { url: string; token: string | undefined };
export type Fetch = (request: Request) => Promise<Response>;

const deadlineMs = 60_000;

/** The control API of one instance, typed by the registry of kinds. Problems of the server come out as the Problems they were. */
export type Client = ReturnType<typeof connect>;

export function connect({ url, token }: Target, fetch: Fetch) {
  async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const request = new Request(new URL(path, url), {
      method,
      redirect: "manual",
      signal: signal ?? AbortSignal.timeout(deadlineMs),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await fetch(request).catch((error: unknown) => {
      throw new Problem("unavailable", `mcpctl at ${url} does not answer`, {
        hint: "start it with `mcpctl serve`, or name another with --url",
        cause: error,
      });
    });
    if (response.ok) return response;
    throw await refusal(response, url);
  }

  const json = async (method: string, path: string, body?: unknown): Promise<unknown> =>
    (await send(method, path, body)).json();
  const pathOf = (kind: AnyKind, ref?: string) =>
    `/api/v1/${kind.plural}${ref === undefined ? "" : `/${encodeURIComponent(ref)}`}`;
  const inProject = (project: string | undefined) =>
    project === undefined ? "" : `?project=${encodeURIComponent(project)}`;

  return {
    url,
    send,
    json,
    list: async (kind: AnyKind, project?: string): Promise<Resource[]> =>
      ((await json("GET", pathOf(kind) + inProject(project))) as { items: Resource[] }).items,
    get: async (kind: AnyKind, ref: string, project?: string) =>
      (await json("GET", pathOf(kind, ref) + inProject(project))) as Resource,
    create: async (kind: AnyKind, fields: Record<string, unknown>) =>
      (await json("POST", pathOf(kind), fields)) as Resource & { token?: string },
    remove: (kind: AnyKind, ref: string, project?: string) => json("DELETE", pathOf(kind, ref) + inProject(project)),
  };
}

/** The server's own problem; or what can be said of an answer that is none of ours. */
async function refusal(response: Response, url: string): Promise<Problem> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemFrom(body);
  if (problem?.code === "unauthenticated" && problem.hint === undefined) {
    return new Problem("unauthenticated", problem.message, { hint: `mcpctl login ${url}` });
  }
  return (
    problem ??
    new Problem("unavailable", `${url} answered HTTP ${response.status}; is it an mcpctl?`, {
      hint: "check --url and the context",
    })
  );
}
