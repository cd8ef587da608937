/**
 * What was written to a server that may be killed at any moment, and what must be there afterwards. A value is what can be read back; undefined is
 * absence. A write without an answer may have been done or not; one with an answer has been.
 */
type Thing = { known: string | undefined; maybe?: { value: string | undefined } };
/** How often a change of a thing was acknowledged, and how often it may have been made without a word. */
type Done = { sure: number; unsure: number };

/** `value` is what is there afterwards. */
export type Change = { key: string; action: string; value: string | undefined };
export type Ledger = ReturnType<typeof createLedger>;

export function createLedger() {
  const things = new Map<string, Thing>();
  const done = new Map<string, Done>();
  const count = (key: string, action: string, what: keyof Done) => {
    const entry = done.get(`${action} ${key}`) ?? { sure: 0, unsure: 0 };
    entry[what]++;
    done.set(`${action} ${key}`, entry);
  };
  let acknowledged = 0;
  let refused = 0;
  let unanswered = 0;

  return {
    known: (key: string): string | undefined => things.get(key)?.known,
    /**
     * Several changes in one request, all or none. `send` answers whether they were made or refused; it throws when there was no answer, and then
     * these things must be left alone until `compare`.
     */
    async write(changes: readonly Change[], send: () => Promise<boolean>): Promise<boolean> {
      const before = changes.map(({ key }) => things.get(key)?.known);
      for (const [n, { key, value }] of changes.entries()) things.set(key, { known: before[n], maybe: { value } });
      const isDone = await send().catch((error: unknown) => {
        unanswered++;
        for (const { key, action } of changes) count(key, action, "unsure");
        throw error;
      });
      if (isDone) acknowledged++;
      else refused++;
      for (const [n, { key, action, value }] of changes.entries()) {
        things.set(key, { known: isDone ? value : before[n] });
        if (isDone) count(key, action, "sure");
      }
      return isDone;
    },
    /** Every way in which what is there is not what must be. From then on it is what is known. */
    compare(there: ReadonlyMap<string, string>): string[] {
      const faults: string[] = [];
      for (const [key, { known, maybe }] of things) {
        const actual = there.get(key);
        if (actual !== known && (maybe === undefined || actual !== maybe.value))
          faults.push(`${key} is ${actual ?? "absent"}, was acknowledged as ${known ?? "absent"}`);
        things.set(key, { known: actual });
      }
      return faults;
    },
    /** Every acknowledged change that its log does not tell of, and every one that it tells of too often. */
    compareLog(told: ReadonlyMap<string, number>): string[] {
      return [...done].flatMap(([change, { sure, unsure }]) => {
        const times = told.get(change) ?? 0;
        return times < sure || times > sure + unsure ? [`${change} is told ${times} times, was done ${sure}`] : [];
      });
    },
    counts: () => ({ acknowledged, refused, unanswered }),
  };
}
