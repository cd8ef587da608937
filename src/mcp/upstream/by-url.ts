import { messageOf } from "../../lib/problem.ts";
import type { ConnectionOptions, ServerRef } from "./connections.ts";
import { unreachable } from "./failures.ts";
import { LeftAlone } from "./guard.ts";
import type { Guards } from "./guards.ts";
import type { HttpTarget } from "./http-client.ts";
import { openAt } from "./negotiate.ts";
import type { Opening, Upstream } from "./upstream.ts";

/** Of one server: a conversation that is being opened, and what the last one was opened with. */
export type AtUrl = { opening?: Promise<Upstream>; target?: string };

type Needs = Pick<ConnectionOptions, "targetOf" | "verdicts"> & {
  guards: Guards;
  openingFor: (server: ServerRef) => Opening;
  blotted: (server: ServerRef, text: string) => string;
};

/** Opens conversations with servers reached by url, and knows when one would be opened otherwise now. */
export function createByUrl({ targetOf, verdicts, guards, openingFor, blotted }: Needs) {
  type Adopt = (upstream: Upstream) => Upstream;

  /** One conversation is opened at a time, whoever waits for it. `isOwn`: for no caller. @throws Problem `unavailable` */
  function open(server: ServerRef, at: AtUrl, isOwn: boolean, adopt: Adopt): Promise<Upstream> {
    at.opening ??= openOne(server, at, isOwn, adopt).finally(() => {
      delete at.opening;
    });
    return at.opening;
  }

  async function openOne(server: ServerRef, at: AtUrl, isOwn: boolean, adopt: Adopt): Promise<Upstream> {
    try {
      return await guards.of(server).opening(isOwn, async () => {
        const target = await targetOf(server);
        at.target = openedWith(server, target);
        return adopt(await openAt(target, server.fields, verdicts.eraOf(server), openingFor(server)));
      });
    } catch (error) {
      throw error instanceof LeftAlone ? error : unreachable(server, blotted(server, messageOf(error)));
    }
  }

  /** Whether it would be opened with something else than it was. */
  async function isOther(server: ServerRef, at: AtUrl): Promise<boolean> {
    if (server.fields.url === undefined || at.target === undefined) return at.target !== undefined;
    const target = await targetOf(server).catch(() => undefined);
    return target === undefined || at.target !== openedWith(server, target);
  }

  return { open, isOther };
}

const openedWith = ({ fields }: ServerRef, target: HttpTarget): string =>
  JSON.stringify([target, fields.transport, fields.protocol, fields.limits]);
