import { existsSync, readFileSync } from "node:fs";
import { Problem } from "../lib/problem.ts";
import type { ServerFields } from "../resources/server.ts";
import { type Account, accountOf } from "./account.ts";

/** What the wrapper sets before it becomes the server. */
export type Confinement = {
  openFiles?: number;
  /** Of memory of its own that it may ask for at all; a program that is refused it mostly crashes. */
  dataBytes?: number;
  processes?: number;
  /** The only processors that it may run on. */
  processors?: readonly number[];
  account?: Account;
};

/** What is watched while it runs, since the kernel cannot be asked for it without more rights than we have. */
export type Allowance = { memoryMiB?: number; processes?: number };

export type Confined = {
  confinement: Confinement;
  allowance: Allowance;
  /** Who it is, for its environment; its own `env` wins. */
  identity: Record<string, string>;
  cwd?: string;
  /** What is asked for and cannot be kept to the letter. */
  notes: string[];
};

export type Machine = {
  platform: string;
  uid: number;
  passwd: string;
  group: string;
  /** How many files a process of ours may have open at most. */
  openFiles: number;
  processors: readonly number[];
  isFolder: (path: string) => boolean;
};

type Wishes = Pick<ServerFields, "memoryMiB" | "cpus" | "openFiles" | "processes" | "user" | "cwd" | "packageName">;

/**
 * What is done about the limits of a process on this machine. `spread` in [0, 1) is where the search for its processors begins.
 * @throws Problem `unavailable` when it is to be a user that it cannot be
 */
export function confine(wishes: Wishes, machine: Machine, spread: number): Confined {
  const { memoryMiB, cpus, openFiles, processes, user, cwd } = wishes;
  const account = user === undefined ? undefined : becoming(user, machine);
  if (account !== undefined && wishes.packageName !== undefined) throw new Problem("unavailable", unreachablePackage);
  const base = { identity: {}, notes: [], ...(cwd !== undefined && { cwd }) };
  if (machine.platform !== "linux") {
    const asked = Object.entries({ memoryMiB, cpus, openFiles, processes }).filter(([, value]) => value !== undefined);
    const notes = asked.map(([field]) => `${field} is not kept on this system, only on Linux`);
    return { ...base, confinement: {}, allowance: {}, notes };
  }
  const files = openFiles === undefined ? undefined : filesOf(openFiles, machine);
  const share = cpus === undefined ? undefined : processorsOf(cpus, machine.processors, spread);
  return {
    ...base,
    confinement: {
      ...(files && { openFiles: files.most }),
      ...(share?.processors && { processors: share.processors }),
      ...(account && { account }),
      // The kernel counts all that a user runs, so its bound means this server only where the user is the server's own; root has none.
      ...(account && account.uid !== 0 && processes !== undefined && { processes }),
    },
    allowance: { ...(memoryMiB !== undefined && { memoryMiB }), ...(processes !== undefined && { processes }) },
    ...(account && whereabouts(account, cwd, machine)),
    notes: [...(files?.notes ?? []), ...(share?.notes ?? [])],
  };
}

const unreachablePackage =
  "a package lies in mcpctl's data folder, which no other user may enter: give a command that starts it, or an image";

/** Undefined when it is who we are already. */
function becoming(user: string, { platform, uid, passwd, group }: Machine): Account | undefined {
  const account = platform === "linux" ? accountOf(user, passwd, group) : undefined;
  if (account === undefined)
    throw new Problem("unavailable", platform === "linux" ? `there is no user ${user} on this machine` : onlyLinux);
  if (uid === 0) return account;
  if (account.uid === uid) return undefined;
  throw new Problem("unavailable", `to run it as ${user} mcpctl must be root`);
}

const onlyLinux = "it can be run as another user only on Linux";

function whereabouts({ name, home }: Account, cwd: string | undefined, { isFolder }: Machine) {
  const place = home !== undefined && isFolder(home) ? home : "/";
  return { identity: { HOME: place, USER: name, LOGNAME: name }, cwd: cwd ?? place };
}

function filesOf(openFiles: number, { openFiles: most, uid }: Machine): { most: number; notes: string[] } {
  if (openFiles <= most || uid === 0) return { most: openFiles, notes: [] };
  return { most, notes: [`openFiles: ${openFiles} is more than mcpctl itself may have; it is ${most}`] };
}

/** As many whole processors as it takes; a part of one cannot be asked of the kernel without a control group. */
function processorsOf(cpus: number, all: readonly number[], spread: number) {
  const count = Math.ceil(cpus);
  if (all.length === 0) return { notes: [`cpus: ${cpus} is not kept, since this system does not tell its processors`] };
  const notes =
    count === cpus ? [] : [`cpus: ${cpus} of a process is ${count}, whole processors; an image takes parts`];
  if (count >= all.length) return { notes: all.length < cpus ? [] : notes };
  const first = Math.floor(spread * all.length);
  const processors = Array.from({ length: count }, (_, index) => all[(first + index) % all.length] ?? 0);
  return { processors, notes };
}

/** This machine, as it is now. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    passwd: textOf("/etc/passwd"),
    group: textOf("/etc/group"),
    openFiles: Number(
      /^Max open files +\S+ +(\d+)/m.exec(textOf("/proc/self/limits"))?.[1] ?? Number.POSITIVE_INFINITY,
    ),
    processors: rangesOf(/^Cpus_allowed_list:\s*(\S+)/m.exec(textOf("/proc/self/status"))?.[1] ?? ""),
    isFolder: existsSync,
  };
}

/** `0-3,8` → 0, 1, 2, 3, 8 */
function rangesOf(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [first = "", last = first] = part.split("-");
    return first === "" ? [] : Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i);
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
