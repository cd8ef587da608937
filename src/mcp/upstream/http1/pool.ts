import type { Ending } from "../../../lib/ending.ts";
import { wheel } from "../../../lib/wheel.ts";
import { unreachedBy } from "../reasons.ts";
import type { Asker } from "./answer.ts";
import { Connection, type Destination, type Owner } from "./connection.ts";
import type { Bytes } from "./request.ts";
import { Unsent } from "./unsent.ts";

/** Idle connections to one destination and in all; there are never more than there were requests at once. */
const most = { idleOfOne: 256, idle: 1_024, hanging: 32 } as const;
/** How often those that have been idle for too long are looked for. */
const sweepMs = 1_000;

type Opening = { resolve: (connection: Connection) => void; reject: (why: unknown) => void };

/** Keeps connections for the next request: by address, port, and how the other side is trusted. */
export type Pool = ReturnType<typeof createPool>;

export function createPool() {
  /** The last in is the first out, so that the others grow old and end. */
  const idle = new Map<string, Connection[]>();
  const openings = new Map<Connection, Opening>();
  /** Attempts that were given up here, by destination. The system goes on with each for some two minutes, and cannot be told otherwise. */
  const hanging = new Map<string, Set<Connection>>();
  let idleInAll = 0;
  let isSweeping = false;

  const owner: Owner = {
    opened(connection) {
      const opening = openings.get(connection);
      openings.delete(connection);
      opening?.resolve(connection);
    },
    free(connection) {
      const line = lineOf(connection.destination.key);
      if (line.length >= most.idleOfOne || idleInAll >= most.idle) return connection.close(undefined);
      connection.idleSince = performance.now();
      line.push(connection);
      idleInAll++;
      if (!isSweeping) wheel.after(sweepMs, sweep);
      isSweeping = true;
    },
    gone(connection, why) {
      const opening = openings.get(connection);
      if (opening === undefined) return leave(connection);
      openings.delete(connection);
      opening.reject(why);
      if (!connection.isOpen) hang(connection);
    },
    settled(connection) {
      const { key } = connection.destination;
      if (hanging.get(key)?.delete(connection) && hanging.get(key)?.size === 0) hanging.delete(key);
    },
  };

  function lineOf(key: string): Connection[] {
    const known = idle.get(key);
    if (known !== undefined) return known;
    const line: Connection[] = [];
    idle.set(key, line);
    return line;
  }

  function hang(connection: Connection): void {
    const { key } = connection.destination;
    hanging.set(key, (hanging.get(key) ?? new Set()).add(connection));
  }

  function leave(connection: Connection): void {
    const { key } = connection.destination;
    const line = idle.get(key);
    const at = line?.lastIndexOf(connection) ?? -1;
    if (line === undefined || at < 0) return;
    line.splice(at, 1);
    idleInAll--;
  }

  const isOld = (connection: Connection, now: number) => now - connection.idleSince > connection.idleMs;

  function take(key: string): Connection | undefined {
    const connection = idle.get(key)?.pop();
    if (connection === undefined) return undefined;
    idleInAll--;
    if (!isOld(connection, performance.now())) return connection;
    connection.close(undefined);
    return take(key);
  }

  function sweep(): void {
    const now = performance.now();
    for (const [key, line] of [...idle]) {
      for (const connection of line.filter((each) => isOld(each, now))) connection.close(undefined);
      if (line.length === 0) idle.delete(key);
    }
    isSweeping = idle.size > 0;
    if (isSweeping) wheel.after(sweepMs, sweep);
  }

  /** @throws Unsent when it takes too long */
  async function open(to: Destination, ending: Ending, connectMs: number): Promise<Connection> {
    const late = new Unsent(`no connection within ${connectMs / 1000} s`);
    if ((hanging.get(to.key)?.size ?? 0) >= most.hanging) throw late;
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const connection = new Connection(to, owner);
    openings.set(connection, { resolve, reject });
    connection.connect();
    const alarm = wheel.after(connectMs, () => connection.close(late));
    const stopListening = ending.onEnd((reason) => connection.close(reason));
    try {
      return await promise;
    } finally {
      alarm.cancel();
      stopListening();
    }
  }

  async function sendAnew(to: Destination, bytes: Bytes, ending: Ending, connectMs: number, asker: Asker) {
    try {
      const connection = await open(to, ending, connectMs);
      if (ending.hasEnded) {
        connection.close(undefined);
        throw ending.reason;
      }
      connection.send(bytes, ending, asker);
    } catch (error) {
      asker.failed(unreachedBy(error));
    }
  }

  return {
    /** Sends one request, which is written once. It fails with Unreached when nobody can have got any of it, else with a Problem `unavailable`. */
    send(to: Destination, bytes: Bytes, ending: Ending, connectMs: number, asker: Asker): void {
      if (ending.hasEnded) return void asker.failed(unreachedBy(ending.reason));
      for (let kept = take(to.key); kept !== undefined; kept = take(to.key)) {
        try {
          return void kept.send(bytes, ending, asker);
        } catch (error) {
          if (!(error instanceof Unsent)) throw error;
        }
      }
      void sendAnew(to, bytes, ending, connectMs, asker);
    },
  };
}
