import { turn } from "../../../lib/wait.ts";
import type { Address } from "./entry.ts";
import { inMemory } from "./front.ts";

export type Job = { address: Address; value: string; expires: number };

/** What waits to be written. What comes beyond it is kept in memory only. */
const most = { bytes: 64 * 1024 * 1024, entries: 10_000 } as const;

/** Writes behind, one after the other. `write` never throws; `takeBack` is told of what was forgotten while it was written. */
export function createQueue(write: (job: Job) => Promise<void>, takeBack: (address: Address) => void) {
  const jobs = new Map<string, Job>();
  let bytes = 0;
  let running: Promise<void> | undefined;
  let current: Promise<void> = Promise.resolve();

  function forget(file: string): void {
    const job = jobs.get(file);
    if (job === undefined) return;
    jobs.delete(file);
    bytes -= inMemory(job.value);
  }

  async function drain(): Promise<void> {
    // Whoever puts something waits for nothing of it.
    await turn();
    for (let [next] = jobs; next !== undefined; [next] = jobs) {
      const [file, job] = next;
      current = write(job);
      await current;
      const now = jobs.get(file);
      if (now === job) forget(file);
      // Another value under the same key is written in its turn.
      else if (now === undefined) takeBack(job.address);
    }
    running = undefined;
  }

  return {
    forget,
    put(job: Job): void {
      const size = inMemory(job.value);
      forget(job.address.file);
      if (jobs.size >= most.entries || bytes + size > most.bytes) return;
      jobs.set(job.address.file, job);
      bytes += size;
      running ??= drain();
    },
    get: (file: string) => jobs.get(file),
    addresses: (): Address[] => [...jobs.values()].map(({ address }) => address),
    /** Once what is being written now is written. */
    current: (): Promise<void> => current,
    async idle(): Promise<void> {
      while (running !== undefined) await running;
    },
  };
}
