import { settling } from "../settle.ts";

export const run = settling("reject");
