/** A scenario that may keep fewer of its checks through the gateway than directly, and why nothing can be done about it. */
export type Explained = {
  /** Words of the legs that it is about, as `--leg` takes them. */
  legs: string;
  scenario: string;
  /** How many checks it must keep nevertheless. */
  atLeast: number;
  reason: string;
};

export const explained: Explained[] = [];
