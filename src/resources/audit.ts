/** What is recorded: one row for every decision that matters (design §1: after the answer, never before it). */
export const auditKinds = ["login", "logout", "refused", "change", "call", "notice"] as const;
export type AuditKind = (typeof auditKinds)[number];

export const auditOutcomes = ["ok", "refused", "error"] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Who did it, in words that stay true when names change hands: subject as in RBAC, the person behind it, and the token or login used. */
export type AuditActor = {
  /** `User:alice@example.com`, `ServiceAccount:ci`, `McpToken:0123456789abcdef`; empty for somebody unknown. */
  subject: string;
  /** The user or service account behind the subject; a token's owner. */
  user?: string | undefined;
  tokenName?: string | undefined;
  tokenSha?: string | undefined;
  /** Id of the login session, when it was one. */
  sessionId?: string | undefined;
};

/** One event before it is recorded. Sizes are in bytes, times in milliseconds. No secret is ever in it. */
export type AuditEntry = {
  at: number;
  kind: AuditKind;
  outcome: AuditOutcome;
  actor: AuditActor;
  /** Network address of the caller, when it is known. */
  address?: string | undefined;
  project?: string | undefined;
  server?: string | undefined;
  tool?: string | undefined;
  /** What was done or tried: `create`, `revoke`, `tools/call`, or the missing right of a refusal. */
  action?: string | undefined;
  /** What it was done to, such as `servers/files`. */
  resource?: string | undefined;
  durationMs?: number | undefined;
  requestBytes?: number | undefined;
  responseBytes?: number | undefined;
  /** Before and after of a change, arguments of a call where the project says so, the reason of a refusal. */
  detail?: Record<string, unknown> | undefined;
};
