import { legacy } from "./conformance/legacy.ts";
import { messages } from "./conformance/messages.ts";
import { modern } from "./conformance/modern.ts";
import type { Requirement } from "./row.ts";

/** What the conformance suite tries, in its order; ids from 101 are of the legacy era, from 201 of the modern one. */
export const requirements: readonly Requirement[] = [...messages, ...legacy, ...modern];
