import { createHash } from "../lib/crypto.ts";
import type { ServerFields } from "../resources/server.ts";

/** What makes it another server, in an order that is kept: what was approved and remembered of a server stands under this. */
const identifying = [
  ...(["transport", "command", "packageName", "runtime", "args", "image", "containerPort"] as const),
  ...(["url", "headers", "env", "cwd"] as const),
] satisfies (keyof ServerFields)[];

const executions = new WeakMap<ServerFields, string>();

/** What a server executes, in short: another command, package, image or address is another server. Asked for each tool of a list. */
export function executionOf(fields: ServerFields): string {
  const known = executions.get(fields);
  if (known !== undefined) return known;
  const executed = JSON.stringify(identifying.map((field) => fields[field] ?? null));
  const execution = createHash("sha256").update(executed).digest("hex").slice(0, 16);
  executions.set(fields, execution);
  return execution;
}
