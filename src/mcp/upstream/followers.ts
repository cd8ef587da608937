import type { Followed } from "./upstream.ts";

/** Who wants to be told of which changes; what a server is asked for is all of it together. */
export function createFollowers() {
  const byOwner = new Map<string, Followed>();

  return {
    set(owner: string, wanted: Followed): void {
      if (wanted.resources.length + wanted.tasks.length === 0) byOwner.delete(owner);
      else byOwner.set(owner, wanted);
    },
    of: (owner: string): Followed => byOwner.get(owner) ?? nothing,
    isEmpty: (): boolean => byOwner.size === 0,
    all: (): Followed => unionOf([...byOwner.values()]),
  };
}

export const nothing: Followed = { resources: [], tasks: [] };

/** Sorted, so that the same wishes are the same list whoever came first. */
const unionOf = (wishes: readonly Followed[]): Followed => ({
  resources: [...new Set(wishes.flatMap(({ resources }) => resources))].toSorted(),
  tasks: [...new Set(wishes.flatMap(({ tasks }) => tasks))].toSorted(),
});

export const isSame = (a: Followed, b: Followed): boolean =>
  JSON.stringify(unionOf([a])) === JSON.stringify(unionOf([b]));
