/** A place for one copy of a server, and what stands for everything that the copy there is started with. */
export type Wanted = { place: string; fingerprint: string };
export type Actions = { start: string[]; stop: string[]; replace: string[] };

/** Pure: the difference between desired and running, by place. */
export function reconcile(desired: readonly Wanted[], running: readonly Wanted[]): Actions {
  const runs = new Map(running.map(({ place, fingerprint }) => [place, fingerprint]));
  const wanted = new Set(desired.map(({ place }) => place));
  return {
    start: desired.filter(({ place }) => !runs.has(place)).map(({ place }) => place),
    stop: running.filter(({ place }) => !wanted.has(place)).map(({ place }) => place),
    replace: desired
      .filter(({ place, fingerprint }) => runs.has(place) && runs.get(place) !== fingerprint)
      .map(({ place }) => place),
  };
}
