import { isObject } from "../../lib/object.ts";

/** What the engine said no to, in its own words. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string | undefined) {
    super(message ?? `status ${status}`);
    this.status = status;
  }
}

/** Of `{"message": …}`. Some are long stacks of causes; the last ones say what happened. */
export function messageIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer) && typeof answer["message"] === "string") return answer["message"].slice(-1_000).trim();
  } catch {
    // Not all there, or no JSON at all.
  }
  return undefined;
}
