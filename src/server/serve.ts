import { systemClock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { readConfig, type Words } from "./config.ts";
import { takeDataDir } from "./data-dir.ts";
import { type Handle, listenAt } from "./listen.ts";

export type ServeOptions = {
  flags: Words;
  env: Words;
  out: (text: string) => void;
  err: (text: string) => void;
  isTerminal?: () => boolean;
};

/**
 * Runs the server until it is told to stop; answers the exit code. It listens before the rest is loaded, and whoever comes meanwhile waits: Bun
 * collects garbage when it begins to listen, which takes a third of the start of an empty program once all is there.
 * @throws Problem when it cannot start: configuration, data folder, master key, database, port
 */
export async function serve({ flags, env, out, err, isTerminal = () => false }: ServeOptions): Promise<number> {
  const config = readConfig(flags, env);
  const log = createLog(err, config.log, isTerminal, systemClock.now);
  const folder = takeDataDir(config.dataDir);
  const opening = Promise.withResolvers<Handle>();
  try {
    const server = listenAt(config, (request) => opening.promise.then((handle) => handle(request)));
    const opened = (handle: Handle) => {
      opening.resolve(handle);
      server.reload({ fetch: handle });
    };
    try {
      const { run } = await import("./run.ts");
      return await run({ config, log, folder, server, opened, out });
    } catch (error) {
      await server.stop(true);
      throw error;
    }
  } finally {
    folder.release();
  }
}
