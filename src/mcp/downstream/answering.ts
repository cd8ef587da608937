import type { Asker } from "../asker.ts";
import type { Client } from "./forward.ts";

/** A request while it is answered: the client behind it, and who is told of the answer. The visit is over then. */
export type Answering = Client & Asker;
