import type { AuditOutcome } from "../../resources/audit.ts";
import { measured, type Outcome } from "../answers.ts";
import type { Target } from "../catalog/view.ts";
import { memberIn, memberOf } from "../spans.ts";
import type { Admission } from "../visit.ts";
import type { Inbound } from "./inbound.ts";

/** What the audit log learns of a call. Sizes are those of JSON text. */
export type CallRecord = {
  admission: Admission;
  action: string;
  server: string | undefined;
  tool: string | undefined;
  resource: string | undefined;
  outcome: AuditOutcome;
  durationMs: number;
  requestBytes: number;
  /** In characters: to count the bytes, what was put together of pieces would have to be copied. */
  responseBytes: number;
  /** Only where the project says that arguments are kept. */
  argumentsText: string | undefined;
};

const recorded = new Set([
  ...["tools/call", "prompts/get", "resources/read", "resources/subscribe", "completion/complete"],
  // What goes on with a call, or ends it; that somebody looks how it fares is told by nothing else than its first call.
  ...["tasks/update", "tasks/cancel"],
]);
export const isRecorded = (method: string): boolean => recorded.has(method);

/**
 * Pure, and cheap for big bodies: lengths, and one native search. `led` is where it leads, once that is known; a call that led nowhere is told by the
 * name that was asked for.
 */
export function callRecord(
  admission: Admission,
  inbound: Inbound,
  led: Target | undefined,
  isRefused: boolean,
  outcome: Outcome,
  durationMs: number,
): CallRecord {
  const { method: action = "", params } = inbound;
  const asked = params["name"] ?? params["uri"];
  const key = (led?.key ?? (typeof asked === "string" ? asked : undefined))?.slice(0, 512);
  const isOfTool = action === "tools/call" || action.startsWith("tasks/");
  const keepsArguments = admission.project.fields.auditArguments === true;
  return {
    admission,
    action,
    server: led?.server.name,
    tool: isOfTool ? key : undefined,
    resource: isOfTool ? undefined : key,
    outcome: isRefused ? "refused" : failed(outcome) ? "error" : "ok",
    durationMs,
    requestBytes: inbound.size ?? Buffer.byteLength(inbound.paramsText),
    responseBytes: ("result" in outcome ? outcome.result : outcome.error).length,
    argumentsText: keepsArguments ? memberOf(inbound.paramsText, "arguments") : undefined,
  };
}

/** A tool says that it failed in `isError`. */
function failed(outcome: Outcome): boolean {
  if ("error" in outcome) return true;
  return memberIn(measured(outcome), "isError") === "true";
}
