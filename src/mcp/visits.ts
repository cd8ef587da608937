import { Ending } from "../lib/ending.ts";
import { Problem } from "../lib/problem.ts";
import { Alarm, wheel } from "../lib/wheel.ts";
import type { Endpoint } from "./endpoint.ts";
import type { GatewayOptions } from "./gateway.ts";
import { type Admission, longMs, type Use, type Visit, type Visitor } from "./visit.ts";

/** So many may be open at once, and of one caller half of it: what cannot be watched in time is not let in. */
const mostOpen = 20_000;
const mostOfOne = mostOpen / 2;

/** Something that is used, and how to let go of watching it. */
export class Used implements Use {
  readonly server: string;
  readonly tool: string | undefined;
  letGo: (() => void) | undefined;
  /** The one before it. */
  before: Used | undefined;

  constructor(server: string, tool: string | undefined, before: Used | undefined) {
    this.server = server;
    this.tool = tool;
    this.before = before;
  }
}

/** All that is under way. Most of it is over before anybody looks; what takes longer is watched from then on, with all that it uses. */
export function createVisits({ admit, watch, bodies }: Pick<GatewayOptions, "admit" | "watch" | "bodies">) {
  const openOf = new Map<string, number>();
  let open = 0;
  let idle: (() => void) | undefined;

  class Open extends Alarm implements Visit {
    readonly visitor: Visitor;
    readonly request: Request;
    readonly endpoint: Endpoint;
    readonly admission: Admission;
    readonly cut = new Ending();
    #whenLong: { lasts: () => void } | undefined;
    #used: Used | undefined;
    #letGo: (() => void) | undefined;
    #hasArrived = false;
    #isLong = false;
    #isOver = false;

    constructor(visitor: Visitor, admission: Admission) {
      super();
      this.visitor = visitor;
      this.request = visitor.request;
      this.endpoint = visitor.endpoint;
      this.admission = admission;
      wheel.set(this, longMs);
    }

    async again(): Promise<Admission> {
      return await admit(this.visitor);
    }

    uses(server: string, tool: string | undefined): Used {
      const used = new Used(server, tool, this.#used);
      if (this.#letGo !== undefined) this.#watchUse(used);
      this.#used = used;
      return used;
    }

    letGo(used: Used): void {
      used.letGo?.();
      if (this.#used === used) this.#used = used.before;
      else
        for (let one = this.#used; one !== undefined; one = one.before)
          if (one.before === used) one.before = used.before;
    }

    arrived(): void {
      this.#hasArrived = true;
    }

    whenLong(then: { lasts: () => void }): void {
      if (this.#isLong) then.lasts();
      else this.#whenLong = then;
    }

    release(): void {
      if (this.#isOver) return;
      this.#isOver = true;
      this.cancel();
      this.#letGo?.();
      for (let used = this.#used; used !== undefined; used = used.before) used.letGo?.();
      this.#used = undefined;
      left(this.admission.principal);
    }

    /** Once it is long, and again when its body is late. */
    ring(): void {
      if (!this.#isLong) this.#watch();
      else if (!this.#hasArrived) this.#end(bodies.late());
    }

    #watch(): void {
      this.#isLong = true;
      if (!this.#hasArrived) wheel.set(this, bodies.longestMs - longMs);
      this.visitor.lasts();
      this.#whenLong?.lasts();
      // Its client may have gone already: then it is over by now, and a watch would never be let go of.
      if (this.#isOver) return;
      try {
        this.#letGo = watch(this.visitor, (why) => this.cut.end(why));
        for (let used = this.#used; used !== undefined; used = used.before) this.#watchUse(used);
      } catch (error) {
        this.cut.end(error);
      }
    }

    #watchUse(used: Used): void {
      used.letGo = watch(this.visitor, (why) => this.cut.end(why), used);
    }

    #end(why: unknown): void {
      this.cut.end(why);
      this.visitor.fail(why);
      this.release();
    }
  }
  function left(principal: string): void {
    open--;
    const theirs = (openOf.get(principal) ?? 1) - 1;
    if (theirs > 0) openOf.set(principal, theirs);
    else openOf.delete(principal);
    if (open === 0) idle?.();
  }

  return {
    /** @throws Problem `unavailable` when too many are open */
    enter(visitor: Visitor, admission: Admission): Visit {
      const { principal } = admission;
      const theirs = openOf.get(principal) ?? 0;
      if (open >= mostOpen || theirs >= mostOfOne)
        throw new Problem("unavailable", "Too many calls and streams are open at once", {
          hint: "try again in a moment",
        });
      open++;
      openOf.set(principal, theirs + 1);
      return new Open(visitor, admission);
    },
    /** Resolves once nothing is under way. */
    whenIdle: (): Promise<void> =>
      new Promise((resolve) => {
        if (open === 0) resolve();
        else idle = resolve;
      }),
    size: () => open,
  };
}
