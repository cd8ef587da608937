import { messageOf, Problem } from "../../lib/problem.ts";
import type { ServerRef } from "./connections.ts";
import { unavailable, unreachable } from "./failures.ts";
import { createFollowers, isSame, nothing } from "./followers.ts";
import { type Followed, limits, type Upstream } from "./upstream.ts";

/**
 * What is followed of one server by all together, kept in line with the conversation in which the server is told of it (`lead`). `reach` opens one if
 * there is none. @throws Problem `unavailable`
 */
export function createFollowing(
  lead: () => Upstream | undefined,
  reach: (server: ServerRef) => Promise<Upstream | undefined>,
) {
  const followers = createFollowers();
  /** Who ever asked to be told of something: nobody else waits for it to be brought in line. */
  const owners = new Set<string>();
  /** Changes of what is followed, one after the other. */
  let last: Promise<void> = Promise.resolve();

  function follow(server: ServerRef, owner: string, wanted: Followed): Promise<void> {
    if (isSame(wanted, nothing) && !owners.has(owner)) return Promise.resolve();
    owners.add(owner);
    const done = last.then(() => change(server, owner, wanted));
    last = done.catch(() => {});
    return done;
  }

  async function change(server: ServerRef, owner: string, wanted: Followed): Promise<void> {
    const [all, own] = [followers.all(), followers.of(owner)];
    followers.set(owner, wanted);
    const next = followers.all();
    if (isSame(all, next)) return;
    try {
      if (next.resources.length + next.tasks.length > limits.followed)
        throw unavailable("too much is followed of it already");
      await (await reach(server))?.follow(next);
    } catch (error) {
      followers.set(owner, own);
      throw error instanceof Problem && error.hint !== undefined ? error : unreachable(server, messageOf(error));
    }
  }

  /** A server that cannot be told now is told what is wanted when it is spoken to again. */
  function unfollow(owner: string): void {
    if (!owners.delete(owner)) return;
    last = last
      .then(async () => {
        if (isSame(followers.of(owner), nothing)) return;
        followers.set(owner, nothing);
        await lead()?.follow(followers.all());
      })
      .catch(() => {});
  }

  return {
    follow,
    unfollow,
    isEmpty: followers.isEmpty,
    /** It is told all of it once more: this is another conversation. */
    again(): void {
      if (!followers.isEmpty())
        void lead()
          ?.follow(followers.all())
          .catch(() => {});
    },
  };
}
