import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";

/** A bound: its default, how far it may be set, and what it bounds. One row makes the field, the default and what `explain` says. */
const bound = (initial: number, minimum: number, maximum: number, description: string) => ({
  initial,
  schema: Type.Optional(Type.Integer({ minimum, maximum, description: `${description}; ${initial}` })),
});

const KiB = 1024;
const MiB = 1024 * KiB;

/** What one server may do to the gateway, and how long it is waited for (reference/reliability.md §6). */
const serverBounds = {
  callSeconds: bound(60, 1, 86_400, "How long an answer is waited for, begun anew by progress"),
  connectSeconds: bound(5, 1, 60, "How long a connection may take"),
  initializeSeconds: bound(30, 1, 600, "How long it may take to introduce itself"),
  inFlight: bound(128, 1, 10_000, "Calls under way at once"),
  queue: bound(256, 0, 10_000, "Calls that wait for one of those to end; more are refused"),
  messageBytes: bound(4 * MiB, KiB, 64 * MiB, "Bytes of one message from it"),
  depth: bound(64, 8, 512, "Nesting of one message from it"),
  elements: bound(50_000, 100, 5_000_000, "Values in one message from it"),
  lineBytes: bound(10 * MiB, KiB, 64 * MiB, "Bytes of one line or event; a longer one ends the process or the stream"),
  notificationsPerSecond: bound(
    100,
    1,
    10_000,
    "Notifications passed on each second; of more only news of changes are",
  ),
  listSeconds: bound(60, 1, 86_400, "How old its lists may be before they are read again, behind the answer"),
  absentSeconds: bound(
    5,
    1,
    3_600,
    "How long it is left alone when it is not there; twice that each time, to a minute",
  ),
} as const;

/** What a project's callers may do to the gateway. */
const projectBounds = {
  inFlight: bound(64, 1, 10_000, "Calls of one token under way at once"),
  sessions: bound(100, 1, 10_000, "Sessions with something going on, of one token"),
  callSeconds: bound(86_400, 1, 86_400, "How long a call may take at most, whatever its server says"),
  messageBytes: bound(4 * MiB, KiB, 16 * MiB, "Bytes of one message from a client"),
  depth: bound(64, 8, 512, "Nesting of one message from a client"),
  elements: bound(50_000, 100, 5_000_000, "Values in one message from a client"),
} as const;

/** What a message beyond a bound is told with, so that nobody has to look for the field. */
const setBy = (of: string, fields: readonly string[]): string =>
  `${fields.map((field) => `limits.${field}`).join(" and ")} of the ${of} ${fields.length === 1 ? "sets" : "set"} this`;
export const setByServer = (...fields: (keyof ServerLimits)[]): string => setBy("server", fields);
export const setByProject = (...fields: (keyof ProjectLimits)[]): string => setBy("project", fields);
export const bytesInWords = (bytes: number): string =>
  bytes >= MiB ? `${Math.round((bytes / MiB) * 10) / 10} MiB` : `${Math.round(bytes / KiB)} KiB`;

/** A message that may be is never cut for being a line. */
export const longestLine = ({ lineBytes, messageBytes }: ServerLimits): number => Math.max(lineBytes, messageBytes);

type Bounds = Record<string, ReturnType<typeof bound>>;
type Limits<B extends Bounds> = { readonly [Name in keyof B]: number };
type Schemas<B extends Bounds> = { [Name in keyof B]: B[Name]["schema"] };

const schemasOf = <B extends Bounds>(bounds: B) =>
  Object.fromEntries(Object.entries(bounds).map(([name, { schema }]) => [name, schema])) as Schemas<B>;

/** Asked for with every call: those that set none share the same. */
function withDefaults<B extends Bounds>(bounds: B): (given: Partial<Limits<B>> | undefined) => Limits<B> {
  const usual = Object.fromEntries(Object.entries(bounds).map(([name, { initial }]) => [name, initial])) as Limits<B>;
  return (given) => (given === undefined ? usual : { ...usual, ...given });
}

export const serverLimits = Type.Object(schemasOf(serverBounds), {
  description: "Bounds on what the server may do to everybody else",
});
export const projectLimits = Type.Object(schemasOf(projectBounds), {
  description: "Bounds on what callers of the project may do to everybody else",
});

export type ServerLimits = Limits<typeof serverBounds>;
export type ProjectLimits = Limits<typeof projectBounds>;

const serverLimitsWith = withDefaults(serverBounds);
const projectLimitsWith = withDefaults(projectBounds);

/** Those that are set, and the defaults for all others. */
export const serverLimitsOf = ({ limits }: { limits?: Static<typeof serverLimits> | undefined }): ServerLimits =>
  serverLimitsWith(limits);
export const projectLimitsOf = ({ limits }: { limits?: Static<typeof projectLimits> | undefined }): ProjectLimits =>
  projectLimitsWith(limits);
