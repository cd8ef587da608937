import type { Rights } from "../rbac/rights.ts";
import type { Op } from "../storage/op.ts";
import type { Rooms } from "./rooms.ts";
import { asCaller, type Call } from "./route.ts";

/** Thrown inside the transaction so that nothing of it stays. */
class Rehearsed extends Error {
  readonly result: unknown;
  constructor(result: unknown) {
    super("rehearsed");
    this.result = result;
  }
}

/** Does all of it with the caller's rights, leaves nothing behind, and says how it went. @throws what the work itself would throw */
export async function rehearse<T>(call: Call, rooms: Rooms, operation: (rights: Rights) => Op<T>): Promise<T> {
  try {
    return await asCaller("write", call, rooms, function* (rights): Op<never> {
      throw new Rehearsed(yield* operation(rights));
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.result as T;
    throw error;
  }
}
