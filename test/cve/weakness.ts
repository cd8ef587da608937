import { describe, expect, test } from "bun:test";

/** A known weakness of others (reference/reliability.md §3), tried on us, and on a small stand-in that has it: the same check must catch that. */
type Weakness<T> = {
  what: string;
  /** Answers what went wrong; nothing when the subject withstands. */
  check: (subject: T) => string[] | Promise<string[]>;
  ours: () => T | Promise<T>;
  vulnerable: () => T | Promise<T>;
};

export function weakness<T>(id: string, { what, check, ours, vulnerable }: Weakness<T>): void {
  describe(id, () => {
    test(what, async () => {
      expect(await check(await ours())).toEqual([]);
    });
    test("a stand-in that is vulnerable is caught", async () => {
      expect((await check(await vulnerable())).length).toBeGreaterThan(0);
    });
  });
}
