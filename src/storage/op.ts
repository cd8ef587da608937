/** One SQL statement: the text's parts and the values between them. */
export type Statement = { readonly parts: readonly string[]; readonly values: readonly Value[] };
export type Value = string | number | null;
export type Row = Record<string, Value>;

/**
 * What repositories are made of: a generator that yields SQL and is given rows. It can await nothing else, so no network call
 * can sit inside a transaction, and each yield is a place where a test can inject a fault (design §7).
 */
// biome-ignore lint/suspicious/noExplicitAny: the rows a yield is given have the shape that its SQL selects.
export type Op<T> = Generator<Statement, T, any>;

export const sql = (parts: TemplateStringsArray, ...values: Value[]): Statement => ({ parts, values });

/** One state of a database. `now` runs at once, also within another database's operation. */
export type Snapshot = { now: <T>(operation: () => Op<T>) => T; close: () => void };

/** An engine that runs operations. Every operation is one transaction; `write` is exclusive and durable when it resolves. */
export type Database = {
  read: <T>(operation: () => Op<T>) => Promise<T>;
  write: <T>(operation: () => Op<T>) => Promise<T>;
  /** The same for what nobody waits for: seen at once, and the event loop does not stand still until the disk has it, which `settle` waits for. */
  writeBehind: <T>(operation: () => Op<T>) => Promise<T>;
  /** Resolves when the disk has what was written behind. */
  settle: () => Promise<void>;
  /** All of it as it is at this moment, for reading piece by piece while others go on writing. To be closed. */
  snapshot: () => Snapshot;
  /**
   * Another number once anything was committed, by whomever, that may say otherwise of rights or of what there is; undefined when that cannot be
   * told. Not asked within an operation. An engine without it is read anew each time (decision 18).
   */
  revision?: () => number | undefined;
  close: () => void;
};
