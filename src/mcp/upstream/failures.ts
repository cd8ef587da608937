import { Problem } from "../../lib/problem.ts";

/**
 * The server is not there: it cannot be reached, breaks off, or has ended. An error of its own is no such thing, nor is a caller who left, nor what
 * we refuse ourselves: a server that is given up by its breaker is one that others would wait for in vain.
 */
export class Absent extends Problem {
  constructor(why: string, cause?: unknown) {
    super("unavailable", why, { cause });
  }
}

/** `setBy` says which field the time is of. */
const noAnswer = (ms: number, setBy?: string): string =>
  `the server gave no answer within ${ms / 1000} s${setBy === undefined ? "" : `; ${setBy}`}`;

/** Why a request has no answer, where more depends on it than what people are told. */
export class TimedOut extends Absent {
  constructor(ms: number, setBy?: string) {
    super(noAnswer(ms, setBy));
  }
}

/** A project waits no longer than that, and what it is not patient enough for says nothing of a server that others use, too. */
export const givenUpEarly = (ms: number, setBy: string): Problem => unavailable(noAnswer(ms, setBy));

/** It was ended, or its stream was, for a line or an event that was too long. */
export class Overlong extends Absent {}

/** We sent nothing, since too much is under way: this says nothing of the server, and the call may be tried again. */
export class Busy extends Problem {
  constructor(why: string) {
    super("unavailable", why, { status: 429, retryAfterSeconds: 1 });
  }
}

/** The server said something, and it was more than it may say: the call has no answer, and the server is there. */
export class Beyond extends Problem {
  constructor(why: string) {
    super("unavailable", why);
  }
}

/** The server answers, but not to this: another era may be the right one. */
export class Refused extends Problem {
  /** What HTTP said, where there was no JSON-RPC. */
  readonly httpStatus: number | undefined;
  constructor(why: string, httpStatus?: number) {
    super("unavailable", why);
    this.httpStatus = httpStatus;
  }
}

/** No connection came about, so that nothing of the request can have arrived. */
export class Unreached extends Absent {}

/** The server does not know our session: the request was refused before it could do anything. */
export class SessionForgotten extends Problem {
  constructor() {
    super("unavailable", "the server forgets each session at once");
  }
}

export const callerLeft = "the caller went away";
export const unavailable = (why: string, cause?: unknown) =>
  new Problem("unavailable", why, cause === undefined ? {} : { cause });

/** What whoever calls is told of a server that there is no conversation with. */
export const unreachable = ({ name }: { name: string }, why: string) =>
  new Problem("unavailable", `server "${name}": ${why}`, { hint: `mcpctl describe server ${name}` });
