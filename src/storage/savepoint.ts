import { type Op, sql } from "./op.ts";

/** All of an operation or nothing of it, within the transaction that it stands in, which goes on either way. @throws what the operation throws */
export function* savepoint<T>(operation: () => Op<T>): Op<T> {
  yield sql`SAVEPOINT part`;
  try {
    const value = yield* operation();
    yield sql`RELEASE part`;
    return value;
  } catch (error) {
    yield sql`ROLLBACK TO part`;
    yield sql`RELEASE part`;
    throw error;
  }
}
