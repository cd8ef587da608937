import { overHttp } from "./conformance/http.ts";
import { legacy } from "./conformance/legacy.ts";
import { messages } from "./conformance/messages.ts";
import { modern } from "./conformance/modern.ts";
import { offers } from "./conformance/offers.ts";
import type { Requirement } from "./row.ts";

/** What the conformance suite tries, in the order of their ids; ids from 101 are of the legacy era, from 201 of the modern one. */
export const requirements: readonly Requirement[] = [
  ...messages,
  ...offers,
  ...overHttp,
  ...legacy,
  ...modern,
].toSorted((a, b) => (a.id < b.id ? -1 : 1));
