import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import type { Shelved } from "../prompts/shelf.ts";
import type { Allowance } from "./allowance.ts";

/** What is given whole, and all the rest with why it is not, where there is more to it than that it does not fit or was not wanted. */
export type Delivery = { whole: { name: string; text: string }[]; rest: Left[] };
export type Left = { prompt: Shelved; why?: string };

type Wishes = {
  /** All there are, in the order in which they come. */
  prompts: readonly Shelved[];
  isWanted: (prompt: Shelved) => boolean;
  allowance: Allowance;
  /** The first one is given however long it is: whoever asks for it by name would else never come by it. */
  firstFits: boolean;
  /** Whether it is for this delivery to give it: marks it as given. */
  claim: (name: string) => boolean;
  release: (name: string) => void;
  read: (name: string) => Promise<string>;
  /** For all that is read, since a link may lead to a server that does not answer. */
  ms: number;
  log: Log;
};

/** Each prompt comes either whole or in the rest. Never throws because of one that cannot be read. */
export async function deliver(wishes: Wishes): Promise<Delivery> {
  const { prompts, isWanted, allowance, claim, release } = wishes;
  const whole: Delivery["whole"] = [];
  const rest: Left[] = [];
  const until = performance.now() + wishes.ms;
  const isFirst = () => wishes.firstFits && whole.length === 0;

  for (const prompt of prompts) {
    const { name, priority, bytes, link } = prompt;
    const dead = link?.state === "dead" ? unavailable(link.reason) : undefined;
    if (dead !== undefined || !isWanted(prompt) || !(isFirst() || allowance.fits(priority, bytes ?? 0))) {
      rest.push({ prompt, ...(dead === undefined ? {} : { why: dead }) });
      continue;
    }
    if (!claim(name)) {
      rest.push({ prompt, why: "delivered before" });
      continue;
    }
    const text = await textOf(wishes, name, until - performance.now());
    if (text !== undefined && allowance.take(priority, Buffer.byteLength(text), isFirst())) whole.push({ name, text });
    else {
      release(name);
      rest.push({ prompt, ...(text === undefined ? { why: unavailable(undefined) } : {}) });
    }
  }
  return { whole, rest };
}

async function textOf({ read, log }: Wishes, name: string, ms: number): Promise<string | undefined> {
  try {
    return await within(Math.max(0, ms), read(name));
  } catch (error) {
    log.warn("a prompt cannot be read", { prompt: name, reason: messageOf(error) });
    return undefined;
  }
}

const unavailable = (reason: string | undefined): string =>
  `unavailable now${reason === undefined ? "" : `: ${reason}`}`;
