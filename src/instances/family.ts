import { sleep } from "../lib/wait.ts";
import { isOfRun, type Mark } from "./mark.ts";
import { killProcess, type Process, processes } from "./proc.ts";

/** A run's processes: those that descend from its leader, those that carry its mark, and whatever they started. */
export type Family = { leader: number; startTicks: bigint; mark: Mark };

/** Pure but for `isMarked`, which costs reading a file and is asked only of those that can be of the family and are not known to be. */
export function membersOf(
  { leader, startTicks }: Pick<Family, "leader" | "startTicks">,
  all: readonly Process[],
  isMarked: (pid: number) => boolean,
): Process[] {
  // Nobody is older than the leader; among those of one tick a parent may come after its child, so the rounds go on until nothing is new.
  const candidates = all.filter((each) => each.startTicks >= startTicks && !each.isZombie);
  const found = new Set<number>();
  for (const { pid, startTicks: started } of candidates)
    if ((pid === leader && started === startTicks) || isMarked(pid)) found.add(pid);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent } of candidates) if (found.has(parent)) found.add(pid);
  }
  return candidates.filter(({ pid }) => found.has(pid));
}

const rounds = 100;
const pauseMs = 5;

/**
 * Kills all of them, again and again until there are none: one that forks while it is looked for is found the next time. Answers how many were
 * ended. Bounded: what can't be killed (it became another user's, it hangs in the kernel) is not waited for beyond half a second or so.
 */
export async function endFamily({ mark, ...family }: Family): Promise<number> {
  const ended = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const members = membersOf(family, processes(), (pid) => isOfRun(pid, mark));
    if (members.length === 0) break;
    for (const member of members) if (killProcess(member)) ended.add(member.pid);
    await sleep(pauseMs);
  }
  return ended.size;
}
