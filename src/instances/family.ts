import { sleep, turn } from "../lib/wait.ts";
import { isOfRun, type Mark } from "./mark.ts";
import { killProcess, type Process, processes } from "./proc.ts";

/** A run's processes: those that descend from its leader, those that carry its mark, and whatever they started. */
export type Family = { leader: number; startTicks: bigint; mark: Mark };

/** Pure: the living among `all` that are the leader, one of these marked ones, or descend from one of them. */
export function membersOf(
  { leader, startTicks }: Pick<Family, "leader" | "startTicks">,
  all: readonly Process[],
  marked: ReadonlySet<number>,
): Process[] {
  const candidates = all.filter(mayBeOf(startTicks));
  const found = new Set<number>();
  for (const { pid, startTicks: started } of candidates)
    if ((pid === leader && started === startTicks) || marked.has(pid)) found.add(pid);
  // A child may stand before its parent, so the rounds go on until nothing is new.
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent } of candidates) if (found.has(parent)) found.add(pid);
  }
  return candidates.filter(({ pid }) => found.has(pid));
}

/** Nobody is older than the leader, and what is dead needs nothing but to be buried. */
const mayBeOf = (leaderTicks: bigint) => (process: Process) => process.startTicks >= leaderTicks && !process.isZombie;

/** How many are asked in one turn of the event loop. */
const inOneTurn = 16;

/** Which of these carry the run's mark. What is remembered as `foreign` is not asked again: a mark can't be put on later. */
export async function markedOf(
  { startTicks, mark }: Family,
  all: readonly Process[],
  foreign: Set<string> = new Set(),
): Promise<Set<number>> {
  const marked = new Set<number>();
  const candidates = all.filter(mayBeOf(startTicks));
  const present = new Set(candidates.map(keyOf));
  for (const key of foreign) if (!present.has(key)) foreign.delete(key);
  let asked = 0;
  for (const candidate of candidates.filter((each) => !foreign.has(keyOf(each)))) {
    if (isOfRun(candidate.pid, mark)) marked.add(candidate.pid);
    else foreign.add(keyOf(candidate));
    if (++asked % inOneTurn === 0) await turn();
  }
  return marked;
}

const keyOf = ({ pid, startTicks }: Process) => `${pid}/${startTicks}`;

const mostRounds = 500;
const idleRounds = 20;
const pauseMs = 5;

/**
 * Kills all of them, again and again until there are none: one that forks while it is looked for is found the next time. What can't be killed (it
 * became another user's, it hangs in the kernel) is waited for no longer than some tenths of a second.
 */
export async function endFamily(family: Family): Promise<void> {
  const ended = new Set<string>();
  let idle = 0;
  for (let round = 0; round < mostRounds && idle < idleRounds; round++) {
    const all = await processes();
    const members = membersOf(family, all, await markedOf(family, all));
    if (members.length === 0) break;
    const before = ended.size;
    for (const member of members) if (killProcess(member)) ended.add(keyOf(member));
    idle = ended.size === before ? idle + 1 : 0;
    await sleep(pauseMs);
  }
}
