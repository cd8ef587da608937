import { settling } from "../tool-changes.ts";

export const run = settling("reject");
