import { createHash } from "node:crypto";
import { Server, type ServerFields } from "../resources/server.ts";

const executions = new WeakMap<ServerFields, string>();

/** What a server executes, in short: another command, package, image or address is another server. Asked for each tool of a list. */
export function executionOf(fields: ServerFields): string {
  const known = executions.get(fields);
  if (known !== undefined) return known;
  const executed = JSON.stringify((Server.executes ?? []).map((field) => fields[field as keyof ServerFields] ?? null));
  const execution = createHash("sha256").update(executed).digest("hex").slice(0, 16);
  executions.set(fields, execution);
  return execution;
}
