import { type Seen, tellsOfTrouble } from "./cell.ts";
import { type Cell, callSecondsOf, type Fault } from "./faults.ts";

const internal = -32603;
const graceMs = 500;

/** Why this is not what reference/reliability.md §6 calls survived; empty when it is. Pure. */
export function notSurvived({ manner = "call", lists }: Fault, cell: Cell, seen: Seen): string[] {
  const { heard, neighbour, status, audited } = seen;
  const staysToHear = manner === "call" || manner === "slowly";
  const faults = staysToHear ? answerFaults(cell, seen) : [];
  if (lists === true) faults.push(...listFaults(seen));
  if (manner === "call" && heard.ms > callSecondsOf(cell) * 1_000 + graceMs + seen.lagMs)
    faults.push(`answered after ${Math.round(heard.ms)} ms, and the machine was ${Math.round(seen.lagMs)} ms late`);
  if (seen.arrived > 1) faults.push(`the call reached the server ${seen.arrived} times`);
  if (neighbour.calls === 0) faults.push("the neighbour was not called");
  if (neighbour.failed.length > 0)
    faults.push(`${neighbour.failed.length} calls of the neighbour failed: ${neighbour.failed[0]}`);
  // A process that does not run has no breaker: its state says why, and when it is started again.
  if (typeof status["breaker"] !== "object" && !tellsOfTrouble(status))
    faults.push(`no breaker is told of: ${JSON.stringify(status)}`);
  else if (cell.seen && !tellsOfTrouble(status))
    faults.push(`its state tells of no trouble: ${JSON.stringify(status)}`);
  const expected = cell.gets === "answer" ? "ok" : "error";
  const recorded = audited.map(({ outcome }) => outcome).join();
  if (manner !== "never reads" && recorded !== expected) faults.push(`recorded: ${recorded || "nothing"}`);
  if (manner === "never reads" && audited.length !== 1) faults.push(`recorded: ${recorded || "nothing"}`);
  if (seen.stillBroken !== undefined) faults.push(`never worked again: ${seen.stillBroken}`);
  if (seen.left.length > 0) faults.push(`left behind: ${seen.left.join(", ")}`);
  return faults;
}

function answerFaults({ gets }: Cell, { heard, id }: Seen): string[] {
  const { messages, broken } = heard;
  const [message] = messages;
  if (broken.length > 0) return [`not understood: ${broken.join(", ")}`];
  if (messages.length !== 1) return [`${messages.length} messages in place of one answer`];
  const { error, result } = message;
  const isWellFormed =
    message.jsonrpc === "2.0" &&
    message.id === id &&
    (error === undefined) !== (result === undefined) &&
    (error === undefined || (Number.isInteger(error.code) && typeof error.message === "string"));
  if (!isWellFormed) return [`no answer of JSON-RPC: ${shown(message)}`];
  if (gets === "answer" || gets === "nothing")
    return typeof result?.content?.[0]?.text === "string" ? [] : [`no answer of the tool: ${shown(message)}`];
  const { error: words, code = internal } = gets;
  return error?.code === code && error.message.includes(words) ? [] : [`not "${words}": ${shown(message)}`];
}

function listFaults({ listed }: Seen): string[] {
  const tools = listed?.messages[0]?.result?.tools;
  if (listed?.messages.length !== 1 || !Array.isArray(tools)) return [`no list: ${shown(listed)}`];
  const names = new Set(tools.map(({ name }) => name));
  return names.size === tools.length ? [] : [`${tools.length - names.size} names are listed twice`];
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 300) ?? "nothing";
