// The matrix: each fault, what it is over each transport, and what the caller of a tool gets. docs/faults.md is written from it.
import type { Manner } from "./cell.ts";
import type { TransportName } from "./transports.ts";

/**
 * What the caller gets: the tool's answer, an error that holds these words, or nothing because it did not stay to hear. `seen`: that
 * `GET /api/v1/servers/NAME` tells of the trouble. `form` is what the fault is over this transport, where its name does not say it.
 * `open` is why the cell does not survive yet.
 */
export type Cell = {
  gets: "answer" | "nothing" | { error: string; code?: number };
  seen: boolean;
  form?: string | undefined;
  open?: string | undefined;
};
/** Why there is no such thing over a transport. */
export type Absent = { absent: string };

export type Group = "connection" | "answer" | "offer" | "chatter" | "process" | "gateway" | "client";
export type Fault = {
  name: string;
  group: Group;
  cells: Record<TransportName, Cell | Absent>;
  manner?: Manner;
  /** Of the call. */
  arguments?: object;
  /** Whether the project's tools are listed too. */
  lists?: true;
  era?: "modern";
  /** It has a gateway of its own, whose clock runs fast afterwards: what is looked at every 15 seconds need not be waited for. */
  ownGateway?: true;
  /** It takes so much that it is tried when nothing else is. */
  alone?: true;
};

/** How long its answer is waited for: a second where none comes. On a slow machine whatever comes has ten. */
export const callSecondsOf = ({ gets }: Cell): number =>
  gets === "nothing" || (gets !== "answer" && /no answer within|in time/.test(gets.error)) ? 1 : 10;

const answer: Cell = { gets: "answer", seen: false };
const nothing: Cell = { gets: "nothing", seen: false };
const error = (words: string, form?: string): Cell => ({ gets: { error: words }, seen: true, form });
/** An error of a server that answers: nothing is wrong with it as a server. */
const told = (words: string, form?: string, code?: number): Cell => ({
  gets: code === undefined ? { error: words } : { error: words, code },
  seen: false,
  form,
});
/** It answers all else. */
const late = (form?: string): Cell => told("the server gave no answer within 1 s", form);
const seen = (cell: Cell): Cell => ({ ...cell, seen: true });
const as = (cell: Cell, form: string): Cell => ({ ...cell, form });
const absent = (why: string): Absent => ({ absent: why });

type Own = Cell | Absent;
/** Processes of ours and those in containers are the same to the caller. */
const over = (process: Own, http: Own, sse: Own = http, container: Own = process): Fault["cells"] => ({
  stdio: process,
  http,
  sse,
  container,
});
const everywhere = (cell: Cell): Fault["cells"] => over(cell, cell);

const unreachable = error("it cannot be reached");
const cut = told("it cannot be reached");
const ended = (form: string): Cell => error("the server's process has ended", form);
const brokeOff = told("the server's event stream broke off");
const streamEnded = (form?: string): Cell => error("the server's event stream has ended", form);
const notRpc = told("the server answered HTTP 200 and no JSON-RPC");
const notJson = told("its message is no JSON-RPC");
const elsewhere = absent("the process is somebody else's");

export const faults: readonly Fault[] = [
  {
    name: "connection refused",
    group: "connection",
    cells: over(
      error("its program was not found", "its program is gone"),
      unreachable,
      unreachable,
      error("is not on this machine and cannot be pulled", "its image is gone"),
    ),
  },
  {
    name: "black hole",
    group: "connection",
    cells: over(
      seen(late("the process is stopped (SIGSTOP)")),
      seen(late("connections are never made")),
      error("the server opened no event stream in time", "connections are never made"),
    ),
  },
  {
    name: "reset before headers",
    group: "connection",
    cells: over(ended("closes its pipes without a word"), cut),
  },
  {
    name: "reset during headers",
    group: "connection",
    cells: over(ended("closes its pipes in the middle of a line"), cut),
  },
  {
    name: "reset after headers",
    group: "connection",
    cells: over(
      ended("closes its pipes after a line of words"),
      brokeOff,
      late("of the answer to a POST that was accepted"),
    ),
  },
  {
    name: "reset mid-SSE",
    group: "connection",
    cells: over(
      ended("closes its pipes after a progress notification and half of the answer"),
      brokeOff,
      streamEnded(),
    ),
  },
  {
    name: "half-close",
    group: "connection",
    ownGateway: true,
    cells: over(
      error("it closed its standard output", "closes its standard output and goes on reading"),
      brokeOff,
      streamEnded("the stream ends, POSTs are taken"),
      late("which the engine does not tell; it is started again once it has not answered three looks at it"),
    ),
  },
  {
    name: "DNS failure",
    group: "connection",
    cells: over(absent("nothing is looked up"), error("its name cannot be resolved")),
  },
  { name: "TLS failure", group: "connection", cells: over(absent("nothing is encrypted"), unreachable) },
  { name: "1 byte/s", group: "answer", cells: everywhere(late()) },
  { name: "hang before the first byte", group: "answer", cells: everywhere(late()) },
  { name: "hang after the first byte", group: "answer", cells: everywhere(late()) },
  {
    name: "HTTP 500",
    group: "answer",
    cells: over(
      told("something broke", "a JSON-RPC error of the server's"),
      told("the server answered HTTP 500 and no JSON-RPC"),
    ),
  },
  {
    name: "HTTP 429",
    group: "answer",
    cells: over(
      told("too many calls, come back in a minute", "a JSON-RPC error of the server's", -32000),
      told("the server answered HTTP 429 and no JSON-RPC"),
    ),
  },
  {
    name: "302 loop",
    group: "answer",
    cells: over(absent("a process sends nobody elsewhere"), told("the server says it moved to")),
  },
  {
    name: "wrong content type",
    group: "answer",
    cells: over(
      late("a page of HTML in place of the answer"),
      notRpc,
      as(error("the server answered HTTP 200 and no JSON-RPC"), "of the stream, when it is opened anew"),
    ),
  },
  { name: "wrong id", group: "answer", cells: over(late(), notRpc, late()) },
  { name: "duplicate response", group: "answer", cells: everywhere(answer) },
  { name: "response to an unknown id", group: "answer", cells: everywhere(as(answer, "and then the right one")) },
  { name: "invalid JSON", group: "answer", cells: everywhere(notJson) },
  { name: "truncated JSON", group: "answer", cells: everywhere(notJson) },
  { name: "invalid UTF-8", group: "answer", cells: everywhere(as(answer, "with U+FFFD where it was")) },
  {
    name: "byte order mark",
    group: "answer",
    cells: over(late("it stands before the brace of a line, which is no message then"), notJson),
  },
  { name: "CRLF", group: "answer", cells: everywhere(answer) },
  { name: "NUL", group: "answer", cells: everywhere(notJson) },
  {
    name: "11 MiB in a line",
    group: "answer",
    cells: over(error("over 10 MiB"), told("its answer is over 4 MiB"), error("an event of over 10 MiB")),
  },
  { name: "deep JSON", group: "answer", cells: everywhere(told("its message is nested over 64 deep")) },
  { name: "wide JSON", group: "answer", cells: everywhere(told("its message has over 50000 values")) },
  { name: "10,000 tools", group: "offer", alone: true, lists: true, cells: everywhere(answer) },
  {
    name: "duplicate tool names",
    group: "offer",
    lists: true,
    cells: everywhere(as(answer, "each name is listed once")),
  },
  {
    name: "endless pagination",
    group: "offer",
    lists: true,
    cells: everywhere(as(answer, "a hundred pages are read")),
  },
  {
    name: "server-initiated request",
    group: "chatter",
    era: "modern",
    cells: over(
      as(answer, "on a modern connection; it is refused"),
      as(answer, "on a modern connection; it is refused"),
      as(answer, "on a connection that all share; it is refused"),
    ),
  },
  { name: "progress flood", group: "chatter", cells: everywhere(as(answer, "20,000 notifications before it")) },
  {
    name: "stderr flood",
    group: "chatter",
    cells: over(as(answer, "8 MB before it"), as(answer, "8 MB of comment lines before it")),
  },
  {
    name: "stdout log noise",
    group: "chatter",
    cells: over(as(answer, "before it"), as(answer, "events of an unknown kind, and such that are not JSON")),
  },
  {
    name: "exit 0 mid-call",
    group: "process",
    cells: over(
      error("the server's process has ended"),
      as(unreachable, "connections are closed, and none is taken"),
      streamEnded("connections are closed, and none is taken"),
    ),
  },
  {
    name: "exit 1 mid-call",
    group: "process",
    cells: over(error("the server's process has ended"), absent("looks like exit 0 from outside")),
  },
  {
    name: "signal mid-call",
    group: "process",
    cells: over(
      error("the server's process has ended"),
      as(unreachable, "connections are reset, and none is taken"),
      streamEnded("connections are reset, and none is taken"),
    ),
  },
  {
    name: "exit at start",
    group: "process",
    cells: over(error("exited with code 3"), as(unreachable, "each connection is closed before a word")),
  },
  { name: "fork and orphan", group: "process", cells: over(error("the server's process has ended"), elsewhere) },
  {
    name: "ignores SIGTERM",
    group: "process",
    cells: over(as(answer, "and the process is killed when it is to go"), elsewhere),
  },
  {
    name: "ignores stdin EOF",
    group: "process",
    cells: over(as(answer, "and the process is ended when it is to go"), elsewhere),
  },
  { name: "clock jump", group: "gateway", cells: everywhere(as(answer, "two hours ahead, then four back")) },
  {
    name: "disk full",
    group: "gateway",
    cells: everywhere(as(answer, "what is recorded of it is written when there is room")),
  },
  {
    name: "database locked",
    group: "gateway",
    cells: everywhere(as(answer, "what is recorded of it is written when it is free")),
  },
  { name: "slow client", group: "client", manner: "slowly", arguments: { size: 100_000 }, cells: everywhere(answer) },
  { name: "vanishing client", group: "client", manner: "leaves", arguments: { ms: 5_000 }, cells: everywhere(nothing) },
  {
    name: "client that never reads",
    group: "client",
    manner: "never reads",
    arguments: { size: 3_000_000 },
    cells: everywhere(nothing),
  },
];
