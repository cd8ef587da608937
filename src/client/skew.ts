import { Problem } from "../lib/problem.ts";

/** Said by every answer of the control API. */
export const versionHeader = "x-mcpctl-version";

const minorOf = (version: string): string => version.split(".", 2).join(".");

/** Two that may not understand each other; patches always do. */
export const differs = (ours: string, theirs: string): boolean => minorOf(ours) !== minorOf(theirs);

/** What one side knows and the other does not: an address, a method, a kind, a field, a word of a query. */
const isUnknown = ({ status, message, fields = [] }: Problem): boolean =>
  (status === 404 && /nothing at this address/i.test(message)) ||
  status === 405 ||
  /\bunknown\b|no such field|there is no kind/i.test([message, ...fields.map((field) => field.message)].join(" "));

/** A refusal that may come of client and server being of different versions says so. `theirs` is undefined for one that tells none. */
export function withSkew(problem: Problem, ours: string, theirs: string | undefined): Problem {
  if (!isUnknown(problem) || (theirs !== undefined && !differs(ours, theirs))) return problem;
  const { code, message, fields, status, requestId } = problem;
  const they = theirs === undefined ? "of a version that it does not tell" : theirs;
  const otherwise = problem.hint === undefined ? "" : `; else ${problem.hint}`;
  return new Problem(code, `${message} (this is mcpctl ${ours}, the server is ${they})`, {
    hint: `take the server's version here, or bring the server to ${ours}${otherwise}`,
    fields,
    status,
    requestId,
  });
}
