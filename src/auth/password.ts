import { Problem } from "../lib/problem.ts";
import { limiter } from "../lib/wait.ts";

/** argon2id takes 64 MiB and a quarter of a second each: two at once, a short queue, then "try again". */
const turn = limiter(
  2,
  32,
  () => new Problem("unavailable", "Too many logins at once", { hint: "try again in a few seconds" }),
);

export const hashPassword = (password: string): Promise<string> => turn(() => Bun.password.hash(password, "argon2id"));

/** Does the same work for an account that does not exist, so that time does not tell which accounts do. */
export const verifyPassword = (password: string, hash: string | undefined): Promise<boolean> =>
  turn(async () => (await Bun.password.verify(password, hash ?? decoy)) && hash !== undefined);

/** The hash of nothing anybody knows, with the parameters of a real one. */
export const decoy =
  "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXM$RXZlcnkgZ29vZCBib3kgZG9lcyBmaW5lLCBidXQgbm8gbW9yZQ";
