import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { defineKind, oneOf, text } from "./define.ts";

const instanceStates = ["STARTING", "RUNNING", "STOPPING", "STOPPED", "ERROR"] as const;
export type InstanceState = (typeof instanceStates)[number];

const healths = ["healthy", "degraded", "unhealthy"] as const;
export type Health = (typeof healths)[number];

const breaker = Type.Object(
  {
    state: oneOf(["closed", "open", "half-open"], "`open` fails calls at once, `half-open` tries one"),
    failures: Type.Integer({ description: "How often in a row it was not there" }),
    last: Type.Optional(text("What was seen of that last")),
    retryAt: Type.Optional(Type.String({ description: "When the next call may try, ISO 8601" })),
  },
  { description: "Whether it is called at all, while it does not answer" },
);

const fields = Type.Object({
  server: Type.String({ description: "The server it is a copy of" }),
  state: oneOf(instanceStates, "ERROR is never final: mcpctl tries again after a pause"),
  pid: Type.Optional(Type.Integer({ description: "Process id, while there is one" })),
  container: Type.Optional(Type.String({ description: "The engine's id of the container, while there is one" })),
  startedAt: Type.Optional(Type.String({ description: "Start of the present process, ISO 8601" })),
  restarts: Type.Integer({ description: "How often it was started again" }),
  reason: Type.Optional(text("Why it is not running")),
  nextTryAt: Type.Optional(Type.String({ description: "When it is started again, ISO 8601" })),
  health: Type.Optional(oneOf(healths, "`degraded` is not well, `unhealthy` for long enough that something is done")),
  probedAt: Type.Optional(Type.String({ description: "When its health was last looked at, ISO 8601" })),
  probeReason: Type.Optional(text("What was wrong then")),
  nextProbeAt: Type.Optional(Type.String({ description: "When it is looked at again, ISO 8601" })),
  breaker: Type.Optional(breaker),
  exitCode: Type.Optional(Type.Integer({ description: "Of the last process" })),
  signal: Type.Optional(Type.String({ description: "That ended the last process" })),
  stderr: Type.Optional(Type.Array(Type.String(), { description: "Last lines of the process's standard error" })),
  resolved: Type.Optional(Type.String({ description: "The package version that runs" })),
});
export type InstanceFields = Static<typeof fields>;

export const Instance = defineKind({
  kind: "instance",
  plural: "instances",
  aliases: ["inst"],
  description: "One running copy of a server; made by mcpctl, never by hand",
  verbs: ["list", "get", "delete"],
  name: Type.String({ description: "The server's name and a number", maxLength: 80 }),
  fields,
  columns: [
    { header: "SERVER", value: (i) => String(i["server"]) },
    { header: "STATE", value: (i) => String(i["state"]) },
    { header: "HEALTH", value: (i) => String(i["health"] ?? "") },
    { header: "RESTARTS", value: (i) => String(i["restarts"]) },
    { header: "PID", value: (i) => String(i["pid"] ?? "") },
    { header: "REASON", value: (i) => whyNot(i as unknown as InstanceFields) },
  ],
  readOnly: Object.keys(fields.properties),
  example: { kind: "instance", name: "files-1", server: "files", state: "RUNNING", restarts: 0 },
});

const longestWords = 160;

/** What a process said last is mostly why it ended; of one that runs and is not well there is what was found at the last look. */
function whyNot({ probeReason = "", reason = probeReason, exitCode = 0, stderr = [] }: InstanceFields): string {
  const words = stderr.findLast((line) => line.trim() !== "")?.trim() ?? "";
  if (exitCode === 0 || words === "") return reason;
  return `${reason}: ${words.length > longestWords ? `${words.slice(0, longestWords)}…` : words}`;
}
