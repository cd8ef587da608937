import { constants } from "node:os";
import type { ServerFields } from "../../resources/server.ts";
import type { Exit } from "../channel.ts";

/** What the engine knows of a container that has ended. */
export type Ended = { ExitCode: number; OOMKilled: boolean };

/** Both engines tell a signal as a shell does: 128 and its number. */
function signalOf(code: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
}

/** Pure: how it ended, in the words of a process; the reason only where there is more to say than that. */
export function exitOf(
  { ExitCode: code, OOMKilled: outOfMemory }: Ended,
  { memoryMiB, image = "" }: ServerFields,
  stderr: readonly string[],
  wasStopped: boolean,
): Exit {
  const signal = signalOf(code);
  const bound = memoryMiB === undefined ? "" : ` (memoryMiB: ${memoryMiB})`;
  const reason = outOfMemory
    ? `it used more memory than it may${bound}`
    : // Not every engine notices: with cgroups of version 1, podman does not.
      signal === "SIGKILL" && memoryMiB !== undefined && !wasStopped
      ? `it was killed, as happens to one that uses more memory than it may${bound}`
      : code === 0
        ? undefined
        : programFailure(stderr.join("\n"), image);
  const how = signal === undefined ? { code, signal: null } : { code: null, signal };
  return { ...how, stderr, ...(reason === undefined ? {} : { reason }) };
}

/** What the first process of the container says when there is nothing to start: catatonit in podman, tini in Docker. */
function programFailure(text: string, image: string): string | undefined {
  const failed = /failed to exec pid1: (.+)|exec (?:\S+) failed: (.+)|exec user process caused: (.+)/.exec(text);
  return failed === null ? undefined : executionFailure(failed[1] ?? failed[2] ?? failed[3] ?? "", image);
}

function executionFailure(cause: string, image: string): string | undefined {
  if (/exec format error/i.test(cause))
    return `the program of the image ${image} is none for this machine's processor (exec format error)`;
  if (/permission denied/i.test(cause)) return `the program of the image ${image} cannot be executed by its user`;
  if (/no such file|not found/i.test(cause))
    return `the image ${image} has no such program as it is to be started with`;
  return undefined;
}

/** Pure: why the engine would not start it, for somebody who does not know the engine. */
export function refusalOf(message: string, { image = "", user, network, cwd }: ServerFields): string {
  if (/unable to find (user|group)|no matching entries in (passwd|group) file/.test(message))
    return user === undefined
      ? `the user that the image ${image} names is not in it`
      : `the image ${image} has no user ${user}; give UID:GID`;
  if (network !== undefined && /network .*not found|find network/i.test(message))
    return `the container engine has no network ${network}`;
  if (/no command specified/i.test(message))
    return `the image ${image} says no program to run, and the server has no args`;
  const executed = /exec:.*|exec .*|chdir.*/i.exec(message)?.[0];
  if (executed?.startsWith("chdir") === true)
    return `the image ${image} has no folder ${cwd ?? "as it names"} to work in`;
  const failure = executed === undefined ? undefined : executionFailure(executed, image);
  return failure ?? `the container engine refused to start it: ${message.slice(-300)}`;
}
