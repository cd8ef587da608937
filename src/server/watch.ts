import type { Credential } from "../auth/access-token.ts";
import { callerOf } from "../auth/authenticate.ts";
import type { BearerKeys } from "../auth/bearer.ts";
import type { Clock } from "../lib/clock.ts";
import { Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import { type Rights, rightsOf } from "../rbac/rights.ts";
import type { Database, Op } from "../storage/op.ts";

/** Asks again whether what is open may stay open. @throws Problem when it may not */
export type Check = (rights: Rights) => Op<void>;
/** One question, however many streams hang on its answer. */
type Question = {
  bearer: Credential;
  check: Check;
  open: Set<(why: Problem) => void>;
  unanswered: number;
  /** At which revision of the database the answer was yes, and until when that holds by the clock; undefined where the database is not all that is asked. */
  allowed: { at: number | undefined; until: number } | undefined;
};

/** Whether a right has ended. A database that cannot be asked for a moment is no answer to that. */
export const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && error.code !== "unavailable" && error.code !== "internal";

/** So many questions in a row may go without an answer, five seconds of them; then it is closed, since nobody knows that it may be open. */
const mostUnanswered = 20;
/** Beyond this a newcomer is asked to come later. */
const mostOpen = 20_000;
/** Beyond this too: to ask so many takes half of a second in which something is written. */
const mostQuestions = 10_000;
/** One bearer has half of either: the rest stays for all others. */
const ofOne = 1 / 2;
/** So many are asked about before requests get their turn. */
const atOnce = 20;

/**
 * What was let in and goes on: a call that takes long, a stream that is followed. Four times a second it is found out whether anything was
 * written or has run out since it was allowed; if so it is asked about again, with the rights of that moment. So revoking, disabling and demoting end
 * it within a second however it came about.
 */
export type Watch = ReturnType<typeof createWatch>;

export function createWatch(
  db: Pick<Database, "read" | "revision">,
  hashKeys: BearerKeys,
  clock: Clock,
  everyMs = 250,
) {
  const questions = new Map<string, Question>();
  const shares = new Map<string, Share>();
  let open = 0;
  let nextKey = 1;
  let timer: Timer | undefined;
  let asking = false;

  async function askAll(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      let asked = 0;
      const revision = db.revision?.();
      const now = clock.now();
      const due: [string, Question][] = [];
      for (const one of questions) if (!isAllowed(one[1], revision, now)) due.push(one);
      for (const [key, question] of due) {
        if (questions.get(key) === question) await ask(question);
        if (++asked % atOnce === 0) await sleep(0);
      }
    } finally {
      asking = false;
    }
  }

  async function ask(question: Question): Promise<void> {
    // Whoever came while it was asked is asked about the next time: the answer may be older than they are.
    const hanging = [...question.open];
    const refuse = (why: Problem) => {
      for (const one of hanging) one(why);
    };
    // Looked at before it is asked: what is written meanwhile makes it another one.
    const at = db.revision?.();
    try {
      const until = await db.read(function* () {
        const caller = yield* callerOf(hashKeys, question.bearer, clock.now());
        yield* question.check(yield* rightsOf(caller));
        return caller.until;
      });
      question.unanswered = 0;
      if (question.allowed !== undefined) question.allowed = { at, until };
    } catch (error) {
      if (question.allowed !== undefined) question.allowed = notYet;
      if (isRefusal(error)) refuse(error);
      else if (++question.unanswered >= mostUnanswered)
        refuse(new Problem("unavailable", "Whether this may go on cannot be found out", { cause: error }));
    }
  }

  const hasRoom = (theirs: Share, isNew: boolean): boolean =>
    open < mostOpen &&
    theirs.open < mostOpen * ofOne &&
    (!isNew || (questions.size < mostQuestions && theirs.questions < mostQuestions * ofOne));

  function stopWhenIdle(): void {
    if (open > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    /**
     * Watches until it is let go of; `refuse` is called once, with the reason. What is open for the same bearer at the same `place` is asked about
     * once: its check must be the same, and ask nothing but the database. @throws Problem `unavailable` when too many are open
     */
    keep(bearer: Credential, check: Check, refuse: (why: Problem) => void, place?: string): () => void {
      const whose = JSON.stringify(bearer ?? "");
      const theirs = shares.get(whose) ?? { open: 0, questions: 0 };
      const key = place === undefined ? `alone ${nextKey++}` : JSON.stringify([bearer, place]);
      const known = questions.get(key);
      if (!hasRoom(theirs, known === undefined))
        throw new Problem("unavailable", "Too many calls and streams are open at once", {
          hint: "try again in a moment",
        });
      const question = known ?? {
        bearer,
        check,
        open: new Set(),
        unanswered: 0,
        allowed: place === undefined ? undefined : notYet,
      };
      if (known === undefined) theirs.questions++;
      questions.set(key, question);
      shares.set(whose, theirs);
      const one = (why: Problem) => {
        // It may have been let go of while it was asked about.
        if (!question.open.has(one)) return;
        release();
        refuse(why);
      };
      const release = () => {
        if (!question.open.delete(one)) return;
        open--;
        if (question.open.size === 0 && questions.get(key) === question) {
          questions.delete(key);
          theirs.questions--;
        }
        if (--theirs.open === 0) shares.delete(whose);
        stopWhenIdle();
      };
      question.open.add(one);
      open++;
      theirs.open++;
      timer ??= setInterval(() => void askAll(), everyMs);
      return release;
    },
    size: () => open,
    close: () => {
      questions.clear();
      shares.clear();
      open = 0;
      stopWhenIdle();
    },
  };
}

/** What one bearer has. */
type Share = { open: number; questions: number };

const notYet = { at: undefined, until: 0 };

const isAllowed = ({ allowed }: Question, revision: number | undefined, now: number): boolean =>
  revision !== undefined && allowed !== undefined && allowed.at === revision && now < allowed.until;
