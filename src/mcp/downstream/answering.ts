import type { Outcome } from "../answers.ts";
import type { Client } from "./forward.ts";

/** A request while it is answered: the client behind it, and how it is told. */
export type Answering = Client & {
  finish: (outcome: Outcome) => void;
  /** There is no answer, and this is why. */
  fail: (why: unknown) => void;
};
