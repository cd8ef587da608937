import type { AuditOutcome } from "../../resources/audit.ts";
import { measured, type Outcome } from "../answers.ts";
import { memberOf, memberText } from "../spans.ts";
import type { Admission } from "../visit.ts";
import type { Inbound } from "./inbound.ts";

/** What the audit log learns of a call. Sizes are lengths of JSON text. */
export type CallRecord = {
  admission: Admission;
  action: string;
  server: string | undefined;
  tool: string | undefined;
  resource: string | undefined;
  outcome: AuditOutcome;
  durationMs: number;
  requestBytes: number;
  responseBytes: number;
  /** Only where the project says that arguments are kept. */
  argumentsText: string | undefined;
};

/** Where a call leads, once it is known: the server, what that server calls it, and whether it ended before it got there. */
export type Led = { server: string; key: string; isRefused: boolean };

const recorded = new Set([
  ...["tools/call", "prompts/get", "resources/read", "resources/subscribe", "completion/complete"],
  // What goes on with a call, or ends it; that somebody looks how it fares is told by nothing else than its first call.
  ...["tasks/update", "tasks/cancel"],
]);
export const isRecorded = (method: string): boolean => recorded.has(method);

/** Pure, and cheap for big bodies: lengths, and one native search. A call that led nowhere is told by the name that was asked for. */
export function callRecord(
  admission: Admission,
  inbound: Inbound,
  led: Led | undefined,
  outcome: Outcome,
  durationMs: number,
): CallRecord {
  const { method: action = "", params, paramsText } = inbound;
  const asked = params["name"] ?? params["uri"];
  const key = (led?.key ?? (typeof asked === "string" ? asked : undefined))?.slice(0, 512);
  const isOfTool = action === "tools/call" || action.startsWith("tasks/");
  const keepsArguments = admission.project.fields.auditArguments === true;
  return {
    admission,
    action,
    server: led?.server,
    tool: isOfTool ? key : undefined,
    resource: isOfTool ? undefined : key,
    outcome: led?.isRefused === true ? "refused" : failed(outcome) ? "error" : "ok",
    durationMs,
    requestBytes: paramsText.length,
    responseBytes: ("result" in outcome ? outcome.result : outcome.error).length,
    argumentsText: keepsArguments ? memberOf(paramsText, "arguments") : undefined,
  };
}

/** A tool says that it failed in `isError`. */
function failed(outcome: Outcome): boolean {
  if ("error" in outcome) return true;
  const { text, members } = measured(outcome);
  return memberText(text, members, "isError") === "true";
}
