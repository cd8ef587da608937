/** What ought to run, and what does; a fingerprint stands for everything that a running process was started with. */
export type Wanted = { id: string; fingerprint: string };
export type Actions = { start: string[]; stop: string[]; replace: string[] };

/** Pure: the difference between desired and running, by server id. */
export function reconcile(desired: readonly Wanted[], running: readonly Wanted[]): Actions {
  const runs = new Map(running.map(({ id, fingerprint }) => [id, fingerprint]));
  const wanted = new Set(desired.map(({ id }) => id));
  return {
    start: desired.filter(({ id }) => !runs.has(id)).map(({ id }) => id),
    stop: running.filter(({ id }) => !wanted.has(id)).map(({ id }) => id),
    replace: desired.filter(({ id, fingerprint }) => runs.has(id) && runs.get(id) !== fingerprint).map(({ id }) => id),
  };
}
