import { Problem } from "../lib/problem.ts";

/**
 * What a failed request says of the model's server: it is not there, or will do nothing until something is set right; it did badly this time; it is
 * well and would not have this request; or nothing was sent, since too much waits or it is left alone.
 */
export type Sort = "absent" | "failed" | "declined" | "unsent";

/** Why there is no answer, in our own words: what the server said may repeat the key, or the prompt. */
export class LlmFailure extends Problem {
  readonly sort: Sort;
  /** What HTTP said. */
  readonly httpStatus: number | undefined;
  /** When the server wants to be asked again. */
  readonly againMs: number | undefined;

  constructor(
    sort: Sort,
    why: string,
    more: { status?: number; againMs?: number | undefined; cause?: unknown; hint?: string } = {},
  ) {
    const { status, againMs, ...rest } = more;
    super("unavailable", why, rest);
    this.sort = sort;
    this.httpStatus = status;
    this.againMs = againMs;
  }
}

/** The same, for whoever does not know which model was asked. */
export const named = (name: string, { sort, message, httpStatus, cause }: LlmFailure): LlmFailure =>
  new LlmFailure(sort, message.startsWith(`llm "${name}"`) ? message : `llm "${name}": ${message}`, {
    ...(httpStatus === undefined ? {} : { status: httpStatus }),
    cause,
    hint: `mcpctl describe llm ${name}`,
  });

/** What an answer's status says, of those that are no 200. */
export function failureOf(status: number, againMs: number | undefined): LlmFailure {
  const { sort, why } = rows.find(({ fits }) => fits(status)) ?? broken;
  return new LlmFailure(sort, `${why} (HTTP ${status})`, { status, againMs });
}

const broken: { sort: Sort; why: string } = { sort: "failed", why: "it fails" };

const rows: readonly { fits: (status: number) => boolean; sort: Sort; why: string }[] = [
  {
    fits: (status) => status >= 300 && status < 400,
    sort: "absent",
    why: "it redirects elsewhere, which is not followed: set `url` to where it is",
  },
  {
    fits: (status) => status === 401 || status === 403,
    sort: "absent",
    why: "it refuses the key: set `apiKey` to a secret that holds a good one",
  },
  {
    fits: (status) => status === 404 || status === 405,
    sort: "absent",
    why: "there is nothing at this `url`, or no such `model`",
  },
  { fits: (status) => status === 408 || status === 429, sort: "failed", why: "it has too much to do" },
  {
    fits: (status) => status >= 400 && status < 500,
    sort: "declined",
    why: "it refuses the request: it is too long for its context, or nothing that it takes",
  },
];
