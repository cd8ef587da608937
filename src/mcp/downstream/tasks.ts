import type { Outcome } from "../answers.ts";
import type { Seal } from "../seal.ts";
import { memberOf, withMembers } from "../spans.ts";

/** A task of a server, and the tool that began it. */
export type Task = { serverId: string; tool: string; id: string };

/**
 * Task ids as clients see them: sealed to whoever was given them, so that nobody else's is one (CVE-2026-111767), and naming their server, which
 * the server's own do not.
 */
export function taskIds(seal: Seal, bound: readonly string[]) {
  const words = ["task", ...bound];
  return {
    open(shown: string): Task | undefined {
      const content = seal.open(shown, words) as [serverId: string, tool: string, id: string] | undefined;
      return content && { serverId: content[0], tool: content[1], id: content[2] };
    },
    shown: ({ serverId, tool, id }: Task): string => seal.seal([serverId, tool, id], words),
    /** A result that tells of a task, with the id that its client may use. */
    inResult(outcome: Outcome, serverId: string, tool: string): Outcome {
      if ("error" in outcome) return outcome;
      const id = memberOf(outcome.result, "taskId");
      if (id?.startsWith('"') !== true) return outcome;
      const shown = this.shown({ serverId, tool, id: JSON.parse(id) as string });
      return { ...outcome, result: withMembers(outcome.result, { taskId: JSON.stringify(shown) }) };
    },
  };
}
