/** Every way mcpctl can refuse. One row decides the HTTP status and the exit code of the command line (design §4). */
export const catalogue = {
  invalid: { status: 422, exit: 2, title: "The request is not valid" },
  unauthenticated: { status: 401, exit: 4, title: "Log in first" },
  forbidden: { status: 403, exit: 5, title: "You may not do this" },
  not_found: { status: 404, exit: 6, title: "There is no such thing" },
  conflict: { status: 409, exit: 7, title: "This collides with what is there" },
  unavailable: { status: 503, exit: 8, title: "Try again later" },
  internal: { status: 500, exit: 1, title: "Something broke on our side" },
} as const;

export type ProblemCode = keyof typeof catalogue;

/** One wrong field: a JSON pointer into the document and what is wrong there. Never the value itself. */
export type FieldError = { path: string; message: string };

/** RFC 9457 body, `application/problem+json`. `hint` is the next command to type. */
export type ProblemBody = {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail?: string;
  fields?: readonly FieldError[];
  hint?: string;
  /** Of the answer that told it: what the server's log calls the request. */
  requestId?: string;
};

type ProblemOptions = {
  cause?: unknown;
  fields?: readonly FieldError[] | undefined;
  hint?: string | undefined;
  status?: number | undefined;
  retryAfterSeconds?: number | undefined;
  requestId?: string | undefined;
};

/** A refusal that the caller can act upon. All else that is thrown is `internal` and shows no detail outside. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly fields: readonly FieldError[] | undefined;
  readonly hint: string | undefined;
  /** When it may be worth trying again. */
  readonly retryAfterSeconds: number | undefined;
  /** What the server's log calls the request that was refused. */
  readonly requestId: string | undefined;
  readonly #status: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.fields = options.fields;
    this.hint = options.hint;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.requestId = options.requestId;
    this.#status = options.status;
  }

  /** The catalogue's status, unless HTTP has a finer word for the same code (413 and 415 are `invalid`). */
  get status(): number {
    return this.#status ?? catalogue[this.code].status;
  }

  get exit(): number {
    return catalogue[this.code].exit;
  }

  toJSON(): ProblemBody {
    return {
      type: `urn:mcpctl:problem:${this.code}`,
      title: catalogue[this.code].title,
      status: this.status,
      code: this.code,
      ...(this.code === "internal" ? {} : { detail: this.message }),
      ...(this.fields === undefined ? {} : { fields: this.fields }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.requestId === undefined ? {} : { requestId: this.requestId }),
    };
  }
}

/** Rebuilds a Problem from another mcpctl's answer, so that local and remote errors read alike. */
export function problemFrom(body: unknown): Problem | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { code, detail, title, fields, hint, status, requestId } = body as Partial<ProblemBody>;
  if (code === undefined || !Object.hasOwn(catalogue, code)) return undefined;
  return new Problem(code, detail ?? title ?? catalogue[code].title, { fields, hint, status, requestId });
}

/** What may be said of any thrown thing to somebody who may read our log. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
