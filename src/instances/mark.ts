import { mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createHash, randomBytes } from "../lib/crypto.ts";

/**
 * What every process of a run carries and hands down to whatever it starts: a variable for people to see, and the same as a limit that nobody uses.
 * A process that leaves its group (`setsid`), its parent (a double fork) and its environment (`env -i`, a title over it) still has the limit.
 */
export type Mark = { readonly text: string; readonly number: bigint };

/** Its value is FOLDER.INSTANCE.RUN: of which data folder, of which instance, and which of its runs. No secret, nor the way to one. */
export const markVariable = "MCPCTL_INSTANCE";

/** Microseconds of RLIMIT_RTTIME, from this on: 146,000 years and more. The wrapper sets it (child-entry.ts). */
const marked = 1n << 62n;
const runBits = 32n;

export function markOfRun(dataDir: string, instance: string): Mark {
  const folder = folderOf(dataDir);
  const run = randomBytes(4);
  const number = marked | (folder << runBits) | BigInt(run.readUInt32BE());
  return { text: `${folder.toString(16).padStart(8, "0")}.${instance}.${run.toString("hex")}`, number };
}

/** A folder by what it is on this machine: two with the same path, in two containers that see each other's processes, differ. */
function folderOf(dataDir: string): bigint {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { dev, ino } = statSync(dataDir);
  const hash = createHash("sha256").update(JSON.stringify([dev, ino, realpathSync(dataDir)]));
  return BigInt(hash.digest().readUInt32BE() >>> 2);
}

/** Whether a process carries the mark of this run. */
export const isOfRun = (pid: number, { text, number }: Mark): boolean =>
  variableOf(pid) === text || numberOf(pid) === number;

/** Whether a process carries the mark of any run of this data folder. */
export function isOfFolder(dataDir: string): (pid: number) => boolean {
  const folder = folderOf(dataDir);
  const start = `${folder.toString(16).padStart(8, "0")}.`;
  return (pid) =>
    variableOf(pid)?.startsWith(start) === true || (numberOf(pid) ?? 0n) >> runBits === ((marked >> runBits) | folder);
}

function variableOf(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, "latin1");
    return `\0${variables}`.split(`\0${markVariable}=`)[1]?.split("\0")[0];
  } catch {
    return undefined;
  }
}

function numberOf(pid: number): bigint | undefined {
  try {
    const line = /^Max realtime timeout +\S+ +(\d+) /m.exec(readFileSync(`/proc/${pid}/limits`, "latin1"));
    const number = BigInt(line?.[1] ?? 0);
    return number >= marked ? number : undefined;
  } catch {
    return undefined;
  }
}
