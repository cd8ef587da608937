import { mostPromptBytes } from "../../resources/prompt.ts";
import { always } from "./matching.ts";

/**
 * How many bytes of prompts may still be delivered. What is always delivered may go over the budget, up to four times of it, or as much as the longest
 * prompt where that is more: a project's whole library at priority 10 would fill any model's context.
 */
export function createAllowance(budget: number) {
  const most = Math.max(4 * budget, mostPromptBytes);
  let used = 0;
  const fits = (priority: number, bytes: number): boolean => used + bytes <= (priority === always ? most : budget);
  return {
    fits,
    /** Takes it off if it fits, or must. */
    take(priority: number, bytes: number, must = false): boolean {
      if (!must && !fits(priority, bytes)) return false;
      used += bytes;
      return true;
    },
  };
}
export type Allowance = ReturnType<typeof createAllowance>;
