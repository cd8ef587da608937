import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { present } from "../../rbac/source.ts";
import type { Resource } from "../../resources/define.ts";
import { ToolChange } from "../../resources/tool-change.ts";
import type { Op } from "../../storage/op.ts";
import { findResource } from "../../storage/resources.ts";
import { approveChange, approveRemoval, rejectChange } from "../../storage/tool-changes.ts";
import { readJson } from "../body.ts";
import { asCaller, type Route } from "../route.ts";
import { serverRef } from "../status.ts";

const settle = {
  approve: (change: Resource) => (change["state"] === "removed" ? approveRemoval(change.id) : approveChange(change.id)),
  reject(change: Resource): Op<void> {
    if (change["state"] !== "removed") return rejectChange(change.id);
    throw new Problem("conflict", `the server offers "${change["tool"]}" no more: there is nothing to reject`, {
      hint: `mcpctl approve toolchange ${change.name} takes note of it`,
    });
  },
} as const;

/**
 * What a person says of a tool that is not as it was approved. It counts for every project, and opens tools to read-only tokens, so it is a right
 * of its own; and it is about the definition whose hash was shown, not about what the server says by now.
 */
export const toolChangeRoutes: Route[] = (["approve", "reject"] as const).map(
  (action): Route => ({
    method: "POST",
    path: `/api/v1/toolchanges/:ref/${action}`,
    permission: { store: { verb: "update", resource: ToolChange.plural } },
    tag: ToolChange.plural,
    summary:
      action === "approve"
        ? "From now on the tool is approved as this hash says; of one that was removed: take note of it"
        : "The tool stays hidden and refused where a project says quarantine, until its definition changes again",
    body: () => Type.Object({ hash: Type.String({ description: "The `hash` that was shown; another is a conflict" }) }),
    handle: async (call, rooms) => {
      const body = await readJson(call.request);
      const { server, change, after } = await asCaller("write", call, rooms, function* (rights) {
        const change = yield* rooms.store.find(rights, ToolChange, call.params["ref"] ?? "", "update");
        if (hashIn(body) !== change["hash"]) throw changedMeanwhile(change);
        const server = yield* findResource("server", String(change["server"]));
        yield* settle[action](change);
        const { diff: _, ...before } = change;
        const after = { ...before, state: action === "approve" ? "approved" : "rejected" };
        yield* rooms.record(rights, { kind: ToolChange, action, before, after });
        return { server, change, after };
      });
      if (server !== undefined) {
        await rooms.catalog.decided(server.id);
        rooms.gateway.heard(serverRef(present(server)), "notifications/tools/list_changed", "{}", undefined);
      }
      return { kind: ToolChange.kind, name: change.name, id: change.id, state: after.state };
    },
  }),
);

function hashIn(body: unknown): string {
  const { hash, ...rest } = (body ?? {}) as Record<string, unknown>;
  if (typeof hash === "string" && Object.keys(rest).length === 0) return hash;
  throw new Problem("invalid", "The body is {hash}: that of the definition that was looked at", {
    hint: "mcpctl get toolchanges -o wide",
  });
}

const changedMeanwhile = ({ name, tool }: Resource) =>
  new Problem("conflict", `the definition of tool "${tool}" is not the one that was looked at: it changed meanwhile`, {
    hint: `mcpctl describe toolchange ${name}`,
  });
