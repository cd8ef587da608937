import { unavailable } from "./failures.ts";
import { createFollowers, isSame, nothing } from "./followers.ts";
import { type Followed, limits } from "./upstream.ts";

/** Tells a server all that is wanted of it from now on. @throws Problem `unavailable` when it cannot or will not hear it */
type Tell = (all: Followed) => Promise<void>;

/** What is followed of one server: what all owners want is asked for once, one change after the other. */
export type Following = ReturnType<typeof createFollowing>;

export function createFollowing() {
  const followers = createFollowers();
  /** Who ever asked to be told of something: nobody else waits for it to be brought in line. */
  const owners = new Set<string>();
  let last: Promise<void> = Promise.resolve();

  async function change(owner: string, wanted: Followed, tell: Tell): Promise<void> {
    const [all, own] = [followers.all(), followers.of(owner)];
    followers.set(owner, wanted);
    const next = followers.all();
    if (isSame(all, next)) return;
    try {
      if (next.resources.length + next.tasks.length > limits.followed)
        throw unavailable("too much is followed of it already");
      await tell(next);
    } catch (error) {
      followers.set(owner, own);
      throw error;
    }
  }

  return {
    /** @throws Problem `unavailable`; then the owner wants what it wanted before */
    follow(owner: string, wanted: Followed, tell: Tell): Promise<void> {
      if (isSame(wanted, nothing) && !owners.has(owner)) return Promise.resolve();
      owners.add(owner);
      const done = last.then(() => change(owner, wanted, tell));
      last = done.catch(() => {});
      return done;
    },
    /** `owner` wants to hear of nothing any more. A server that cannot be told now is told what is wanted when it is spoken to again. */
    unfollow(owner: string, tell: Tell): void {
      if (!owners.delete(owner)) return;
      last = last
        .then(async () => {
          if (isSame(followers.of(owner), nothing)) return;
          followers.set(owner, nothing);
          await tell(followers.all());
        })
        .catch(() => {});
    },
    isEmpty: followers.isEmpty,
    all: followers.all,
  };
}
