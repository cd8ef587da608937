import { networkOf } from "../lib/address.ts";
import type { Clock } from "../lib/clock.ts";
import { Problem } from "../lib/problem.ts";
import { remember } from "../lib/remember.ts";
import { failed, type Patience, patience, type Weight, waitOf } from "./back-off.ts";
import { verifyPassword } from "./password.ts";

/** Who tries to open which account with what. `address` is undefined where there is no network between us. */
export type Attempt = { account: string; password: string; address: string | undefined };

/** An account as far as a password is concerned. */
export type Account = { user: { id: string; name: string }; hash: string | undefined; disabled: boolean };

export type Attempts = ReturnType<typeof createAttempts>;

/** The only door to checking a password: failures make the account and the address they came from wait. */
export function createAttempts(clock: Clock, verify = verifyPassword) {
  const accounts = weights(patience.account, clock);
  const addresses = weights(patience.address, clock);

  /**
   * The account if the password opens it. An unknown one costs the same work and waits as long, so that neither tells which accounts exist.
   * An attempt counts as failed until it turns out right: however many come at once, no more are checked than one after the other.
   * @throws Problem `unauthenticated` with 429 during a pause, before any work is done
   */
  async function judge(
    { account, password, address }: Attempt,
    find: () => Promise<Account | undefined>,
  ): Promise<Account | undefined> {
    const network = address === undefined ? undefined : networkOf(address);
    const waitMs = Math.max(accounts.wait(account), network === undefined ? 0 : addresses.wait(network));
    if (waitMs > 0) throw tooMany(Math.ceil(waitMs / 1000));
    const acquitAccount = accounts.charge(account);
    const acquitAddress = network === undefined ? () => {} : addresses.charge(network);
    try {
      const found = await find();
      const right = await verify(password, found?.hash);
      if (!right || found === undefined || found.disabled) return undefined;
      accounts.forget(account);
      acquitAddress();
      return found;
    } catch (error) {
      // It was not judged: the database or the queue of hashes was to blame.
      acquitAccount();
      acquitAddress();
      throw error;
    }
  }

  return { judge };
}

/** An attempt costs an argon2: pushing a key out takes longer than the longest pause would have lasted. */
const mostKeys = 10_000;

/** What weighs on each key, in memory only: bounded, the longest untouched goes first, and a restart forgets. */
function weights(rule: Patience, clock: Clock) {
  const kept = new Map<string, Weight>();

  function put(key: string, weight: Weight | undefined): void {
    if (weight !== undefined && weight.count > 0) remember(kept, key, weight, mostKeys);
    else kept.delete(key);
  }

  return {
    wait: (key: string) => waitOf(kept.get(key), clock.now(), rule),
    /** Counts a failure, and answers how to take it back. */
    charge(key: string): () => void {
      const before = kept.get(key);
      const mine = failed(before, clock.now(), rule);
      put(key, mine);
      return () => {
        const current = kept.get(key);
        put(key, current === mine ? before : current && { ...current, count: current.count - 1 });
      };
    },
    forget: (key: string) => put(key, undefined),
  };
}

const tooMany = (seconds: number) =>
  new Problem("unauthenticated", `Too many failed logins; try again in ${seconds} s`, {
    status: 429,
    retryAfterSeconds: seconds,
    hint: "wait, then mcpctl login",
  });
