import { Ending } from "../lib/ending.ts";
import { Problem } from "../lib/problem.ts";
import { type Alarm, wheel } from "../lib/wheel.ts";
import type { Endpoint } from "./endpoint.ts";
import type { GatewayOptions, Use } from "./gateway.ts";
import type { Admission, Visit } from "./visit.ts";

/** What is over sooner is not watched: revoking is felt within a second all the same. */
const watchAfterMs = 200;
/** So many may be open at once, and of one caller half of it: what cannot be watched in time is not let in. */
const mostOpen = 10_000;
const mostOfOne = mostOpen / 2;

type Used = Use & { letGo?: () => void };

/** All that is under way. Most of it is over before anybody looks; what takes longer is watched from then on, with all that it uses. */
export function createVisits({ admit, watch }: Pick<GatewayOptions, "admit" | "watch">) {
  const openOf = new Map<string, number>();
  let open = 0;
  let idle: (() => void) | undefined;

  class Open implements Visit {
    readonly request: Request;
    readonly endpoint: Endpoint;
    readonly admission: Admission;
    readonly cut = new Ending();
    readonly #alarm: Alarm;
    #whenLong: (() => void) | undefined;
    #used: Used[] | undefined;
    #letGo: (() => void) | undefined;
    #isOver = false;

    constructor(request: Request, endpoint: Endpoint, admission: Admission) {
      this.request = request;
      this.endpoint = endpoint;
      this.admission = admission;
      this.#alarm = wheel.after(watchAfterMs, () => this.#watch());
    }

    async again(): Promise<Admission> {
      return await admit(this.request, this.endpoint);
    }

    uses(server: string, tool: string | undefined): () => void {
      const used: Used = { server, tool };
      if (this.#letGo !== undefined) this.#watchUse(used);
      this.#used ??= [];
      this.#used.push(used);
      return () => {
        const at = this.#used?.indexOf(used) ?? -1;
        if (at >= 0) this.#used?.splice(at, 1);
        used.letGo?.();
      };
    }

    whenLong(then: () => void): void {
      if (this.#letGo === undefined) this.#whenLong = then;
      else then();
    }

    release(): void {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#alarm.cancel();
      this.#letGo?.();
      for (const { letGo } of this.#used ?? []) letGo?.();
      this.#used = undefined;
      left(this.admission.principal);
    }

    #watch(): void {
      this.#whenLong?.();
      try {
        this.#letGo = watch(this.request, this.endpoint, (why) => this.cut.end(why));
        for (const used of this.#used ?? []) this.#watchUse(used);
      } catch (error) {
        this.cut.end(error);
      }
    }

    #watchUse(used: Used): void {
      const { server, tool } = used;
      used.letGo = watch(this.request, this.endpoint, (why) => this.cut.end(why), { server, tool });
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
    enter(request: Request, endpoint: Endpoint, admission: Admission): Visit {
      const { principal } = admission;
      const theirs = openOf.get(principal) ?? 0;
      if (open >= mostOpen || theirs >= mostOfOne)
        throw new Problem("unavailable", "Too many calls and streams are open at once", {
          hint: "try again in a moment",
        });
      open++;
      openOf.set(principal, theirs + 1);
      return new Open(request, endpoint, admission);
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
