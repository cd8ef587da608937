import type { Login } from "../auth/session.ts";
import type { Clock } from "../lib/clock.ts";
import type { CallDurations } from "../lib/durations.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import type { Told } from "../mcp/catalog/telling.ts";
import type { CallRecord } from "../mcp/downstream/record.ts";
import type { ServerRef } from "../mcp/upstream/connections.ts";
import type { Admission } from "../mcp/visit.ts";
import type { Audit } from "../operations/audit.ts";
import { changeEntry } from "../operations/change-entry.ts";
import { redactedArguments } from "../operations/redact.ts";
import type { Recorder } from "../rbac/record.ts";
import type { Op } from "../storage/op.ts";
import { Unseen } from "./admit.ts";
import type { Rooms } from "./rooms.ts";
import { actorBehind, actorOf, pathOf, type Sender } from "./sender.ts";

/** What the server tells the audit log. */
const refusedStatus = new Set([401, 403, 429]);
export const loginPath = "/api/v1/auth/login";

/** A request that was refused: what was missing, and where. The query and the bearer are never in it. */
export async function noteRefusal(error: unknown, request: Request, sender: Sender, rooms: Rooms): Promise<void> {
  const path = pathOf(request);
  // A login that failed is told by `notedLogin`, which knows more.
  if (!(error instanceof Problem) || path === loginPath) return;
  if (!refusedStatus.has(error.status) && !(error instanceof Unseen)) return;
  const { db, hashKeys, clock, refusals } = rooms;
  const { address, caller } = sender;
  const lacks = (error.fields ?? []).map(({ message }) => message.replace(/^you lack /, ""));
  try {
    const actor = await db.read(() => (caller === undefined ? actorBehind(hashKeys, request) : actorOf(caller)));
    refusals.add({
      at: clock.now(),
      kind: "refused",
      outcome: "refused",
      actor,
      address,
      project: caller?.kind === "token" ? caller.projectName : undefined,
      action: / lacks (.+?)(?:: .*)?$/.exec(error.message)?.[1] ?? error.message,
      detail: {
        method: request.method,
        path: path.slice(0, 200),
        status: error.status,
        ...(lacks.length === 0 ? {} : { lacks }),
      },
    });
  } catch (failure) {
    rooms.log.warn("a refusal could not be noted", { reason: messageOf(failure) });
  }
}

/** A login, and how it ended. What was typed as the address is kept only if it is one: people type passwords there. */
export async function notedLogin(
  { audit, clock, refusals }: Rooms,
  address: string | undefined,
  email: string,
  login: Promise<Login>,
): Promise<Login> {
  const entry = { at: clock.now(), kind: "login", action: "login", address } as const;
  try {
    const done = await login;
    const { name } = done.user;
    audit.note({ ...entry, outcome: "ok", actor: { subject: `User:${name}`, user: name, sessionId: done.sessionId } });
    // Beside a password's hash the disk is quick: whoever is in is in the log as well, before anything that follows.
    await audit.flush();
    return done;
  } catch (error) {
    if (error instanceof Problem && refusedStatus.has(error.status)) {
      const account = email.trim().toLowerCase();
      const user = /^[^@\s]{1,64}@[a-z0-9.-]{1,190}$/.test(account) ? account : undefined;
      const reason = error.status === 429 ? "too many failed logins" : error.message;
      refusals.add({ ...entry, outcome: "refused", actor: { subject: "", user }, detail: { reason } });
    }
    throw error;
  }
}

/** A change, in the transaction that makes it: none is stored without its record. */
export const changeRecorder =
  ({ append, fingerprint: fp }: Pick<Audit, "append" | "fingerprint">, clock: Clock): Recorder =>
  ({ actor, address }, { kind, action, before, after, secrets, formerSecrets }) =>
    append([
      changeEntry({
        at: clock.now(),
        actor,
        address,
        kind,
        action,
        before: before === undefined ? undefined : { ...before, ...formerSecrets },
        after: after === undefined ? undefined : { ...after, ...secrets },
        fp,
      }),
    ]);

/** A call through the gateway, which waits for it: what is looked at and written comes later, with many others. */
export const callRecorder =
  ({ note }: Pick<Audit, "note">, durations: Pick<CallDurations, "add">, clock: Clock) =>
  (call: CallRecord): void => {
    const { admission, argumentsText } = call;
    if (call.server !== undefined && call.outcome !== "refused") durations.add(call.server, call.durationMs);
    note({
      at: clock.now(),
      kind: "call",
      outcome: call.outcome,
      actor: admission.actor,
      address: admission.address,
      project: admission.project.name,
      server: call.server,
      tool: call.tool,
      action: call.action,
      resource: call.resource,
      durationMs: call.durationMs,
      requestBytes: call.requestBytes,
      responseBytes: call.responseBytes,
      detail: argumentsText === undefined ? undefined : { arguments: redactedArguments(argumentsText) },
    });
  };

/** What a proxy model did for a caller, such as opening its gate. */
export const shapingRecorder =
  ({ note }: Pick<Audit, "note">, clock: Clock) =>
  ({ actor, address, project }: Admission, action: string, detail: Record<string, unknown>): void =>
    note({ at: clock.now(), kind: "notice", outcome: "ok", actor, address, project: project.name, action, detail });

/** How many tools are named of each sort; a server may have thousands. */
const mostNamed = 20;

/** That tools of a server are not as they were approved, in the transaction that stores it: one event a list, by nobody. */
export const toolChangeTeller = ({ append }: Pick<Audit, "append">, clock: Clock) =>
  function* ({ name }: ServerRef, told: Told): Op<void> {
    const sorts = Object.entries(told).filter(([, tools]) => tools.length > 0);
    const detail = Object.fromEntries(
      sorts.map(([sort, tools]) => [sort, { count: tools.length, tools: tools.slice(0, mostNamed) }]),
    );
    const entry = { at: clock.now(), kind: "notice", outcome: "ok", actor: { subject: "" } } as const;
    yield* append([{ ...entry, server: name, action: "tools-changed", resource: `servers/${name}`, detail }]);
  };
