import { join } from "node:path";
import { callerOf } from "../auth/authenticate.ts";
import type { BearerKeys } from "../auth/bearer.ts";
import { bootstrap, type FirstAdministrator, localAdministrator } from "../auth/bootstrap.ts";
import { openSession } from "../auth/session.ts";
import { systemClock } from "../lib/clock.ts";
import { defaultOrigin, readCredentials, saveCredential } from "../lib/credentials-file.ts";
import type { LevelledLog } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import { sleep, within } from "../lib/wait.ts";
import { rightsOf } from "../rbac/rights.ts";
import { loadMasterKey } from "../secrets/master-key.ts";
import { getMeta, setMeta } from "../storage/meta.ts";
import { openDatabase } from "../storage/open.ts";
import { createApp } from "./app.ts";
import { compose } from "./compose.ts";
import type { Config } from "./config.ts";
import type { DataDir } from "./data-dir.ts";
import { keepDoor } from "./door-keeper.ts";
import { type Handle, type Listening, listen, originOf } from "./listen.ts";
import type { Rooms } from "./rooms.ts";

const drainMs = 25_000;
/** Requests that wait already are answered before the work that none of them needs. */
const answeringMs = 10;

type Begun = {
  config: Config;
  log: LevelledLog;
  folder: DataDir;
  server: Listening;
  /** From now on requests are for this, those that wait too. */
  opened: (handle: Handle) => void;
  out: (text: string) => void;
};

/** All of a server but its door. A first SIGTERM or SIGINT drains, a second one is fast. Answers the exit code. */
export async function run({ config, log, folder, server, opened, out }: Begun): Promise<number> {
  const { rooms, first } = await open(config, log);
  const app = createApp(rooms);
  app.server = server;
  opened(app.handle);
  const url = originOf(server, config.host);
  const at = { host: config.host, port: Number(new URL(url).port) };
  const door = keepDoor({ ...rooms, server: () => app.server, listen: () => listen(app, at) });
  folder.tell(url);
  await sleep(answeringMs);
  Bun.unsafe.setJITPolicy(1);
  rooms.supervisor.start();
  await rooms.changedAll([]);
  rooms.health.start();
  await sleep(0);
  await leaveCredential(rooms, url);
  // Whoever has read the greeting may send a signal.
  const stopped = untilStopped(door, rooms);
  greet(out, config, url, first);
  await app.complete().catch(async (error: unknown) => {
    await rooms.close(true);
    throw error;
  });
  return await stopped;
}

async function open(config: Config, log: Rooms["log"]): Promise<{ rooms: Rooms; first: FirstAdministrator }> {
  const db = openDatabase(config.database, (statement, ms) => log.debug("the database took long", { statement, ms }));
  try {
    const expected = await db.read(() => getMeta("master-key"));
    const master = loadMasterKey(config, expected);
    if (expected === undefined) await db.write(() => setMeta("master-key", master.id));
    const first = await bootstrap(db, systemClock.now());
    return { rooms: await compose({ config, db, master, clock: systemClock, log }), first };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Whoever may read the data folder is the administrator already: a second terminal of the same user just works (design §4). */
async function leaveCredential({ db, hashKeys, clock, config, log }: Rooms, url: string): Promise<void> {
  const path = join(config.home, "credentials");
  const now = clock.now();
  const { token: kept, keyring } = readCredentials(path)[url] ?? {};
  const works = kept !== undefined && (await db.read(() => isLogin(hashKeys, kept, now)));
  // A login in the keyring is one that a person made: it is theirs to end.
  if (works || keyring === true) return;
  try {
    const token = await db.write(function* () {
      const admin = yield* localAdministrator();
      return admin === undefined
        ? undefined
        : { admin, bearer: (yield* openSession(hashKeys, admin.id, "local", now, null)).token };
    });
    if (token !== undefined) saveCredential(path, url, { token: token.bearer, user: token.admin.name });
  } catch (error) {
    log.warn("the local credential could not be left; log in with mcpctl login", { path, error });
  }
}

function* isLogin(hashKeys: BearerKeys, bearer: string, now: number) {
  try {
    yield* rightsOf(yield* callerOf(hashKeys, bearer, now));
    return true;
  } catch (error) {
    if (error instanceof Problem && error.code === "unauthenticated") return false;
    throw error;
  }
}

/** In one piece: whoever waits for the address must not cut in before the password. */
function greet(out: (text: string) => void, config: Config, url: string, first: FirstAdministrator): void {
  const lines = [`mcpctl serves at ${url} (data in ${config.dataDir})`];
  if (first !== undefined) {
    const status = url === defaultOrigin ? "mcpctl status" : `mcpctl status --url ${url}`;
    lines.push(
      `First administrator: ${first.email}, password: ${first.password}`,
      `The password is shown this once. In a second terminal of this user \`${status}\` works without it.`,
    );
  }
  out(lines.join("\n"));
}

async function untilStopped(door: ReturnType<typeof keepDoor>, rooms: Rooms): Promise<number> {
  const asked = Promise.withResolvers<void>();
  const hurried = Promise.withResolvers<void>();
  const onSignal = () => {
    asked.resolve();
    // The first signal only resolves `asked`; the listener for the second is set once that is done.
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, onSignal);
  await asked.promise;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.removeListener(signal, onSignal);
    process.on(signal, hurried.resolve);
  }
  // Meanwhile the door stays open: whoever comes is told to try again, and health checks see why.
  const drained = rooms.stopping().then(() => door.stop());
  const fast = hurried.promise.then(() => true);
  const hurry = await Promise.race([within(drainMs, drained).then(() => false), fast]);
  await Promise.race([rooms.close(hurry), fast.then(() => rooms.close(true))]);
  await door.end();
  return 0;
}
