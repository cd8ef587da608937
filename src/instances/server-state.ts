import type { InstanceState } from "../resources/instance.ts";
import type { InstanceView } from "./view.ts";

/** How a server is as a whole, out of its copies. `sleeps`: it starts when somebody needs it. */
export type ServerState = {
  state: InstanceState;
  running: number;
  copies: number;
  sleeps: boolean;
  reason?: string;
  resolved?: string;
};

/** From best to worst: a server is as well as the best of its copies, since any of them can answer. */
const order: readonly InstanceState[] = ["RUNNING", "STARTING", "STOPPING", "ERROR", "STOPPED"];

/** Pure: out of the copies of one server; STOPPED when there is none. The reason is that of a copy that does not run. */
export function serverStateOf(copies: readonly InstanceView[]): ServerState {
  const state = order.find((candidate) => copies.some((copy) => copy.state === candidate)) ?? "STOPPED";
  const reason = copies.find((copy) => copy.reason !== undefined && copy.state !== "RUNNING")?.reason;
  const resolved = copies.find((copy) => copy.resolved !== undefined)?.resolved;
  return {
    state,
    running: copies.filter((copy) => copy.state === "RUNNING").length,
    copies: copies.length,
    sleeps: copies.length > 0 && copies.every(({ sleeps }) => sleeps === true),
    ...(reason === undefined ? {} : { reason }),
    ...(resolved === undefined ? {} : { resolved }),
  };
}
