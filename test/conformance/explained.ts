/** A scenario that may keep fewer of its checks through the gateway than directly, and why nothing can be done about it. */
export type Explained = {
  /** Words of the legs that it is about, as `--leg` takes them. */
  legs: string;
  scenario: string;
  /** How many checks it must keep nevertheless. */
  atLeast: number;
  reason: string;
};

const modernOverLegacy = "2026-07-28 cross";
const legacyOverModern = "2025-11-25 cross";

const noTasks =
  "The tasks extension is not in the legacy revisions: nothing is advertised for such a server, and its tools answer at once.";
const noKeys =
  "A legacy server's questions have no keys. The gateway names them itself, so the suite does not find the `user_name` that it looks for.";

/** The checks of each tasks scenario that hold without tasks too: plain calls, header mirrors, the shape of messages. */
const tasksOverLegacy: Record<string, number> = {
  "tasks-lifecycle": 2,
  "tasks-capability-negotiation": 3,
  "tasks-wire-fields": 1,
  "tasks-request-state-removal": 1,
  "tasks-mrtr-input": 1,
  "tasks-request-headers": 3,
  "tasks-dispatch-and-envelope": 6,
  "tasks-required-task-error": 1,
  "tasks-mrtr-composition": 1,
};

export const explained: Explained[] = [
  {
    legs: "same stdio",
    scenario: "server-sse-polling",
    atLeast: 2,
    reason: "A server on standard input has no stream of a call that it could drop: the tool just answers.",
  },
  {
    legs: "client",
    scenario: "request-metadata",
    atLeast: 5,
    reason:
      "That server offers nothing that a client could call. What reaches it is the gateway's own asking, which declares no abilities of a client.",
  },
  {
    legs: modernOverLegacy,
    scenario: "server-stateless",
    atLeast: 28,
    reason:
      "A legacy server that lacks a capability of its client says so in a tool's result, not as -32021: two checks of a call that needs sampling.",
  },
  {
    legs: modernOverLegacy,
    scenario: "input-required-result-basic-elicitation",
    atLeast: 1,
    reason: noKeys,
  },
  {
    legs: modernOverLegacy,
    scenario: "input-required-result-ignore-extra-params",
    atLeast: 1,
    reason: `${noKeys} Here it even answers before it was asked.`,
  },
  ...Object.entries(tasksOverLegacy).map(([scenario, atLeast]) => ({
    legs: modernOverLegacy,
    scenario,
    atLeast,
    reason: noTasks,
  })),
  {
    legs: legacyOverModern,
    scenario: "server-sse-polling",
    atLeast: 2,
    reason:
      "A modern server cannot drop a stream and go on: a broken stream has lost its request. The tool just answers.",
  },
];
