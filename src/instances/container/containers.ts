import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import { serverLimitsOf } from "../../resources/limits.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Exit, Run } from "../channel.ts";
import type { Start } from "../launcher.ts";
import type { LogRing } from "../log-ring.ts";
import { type Container, followContainer, remove } from "./container.ts";
import { creation } from "./creation.ts";
import { refusalOf } from "./ending.ts";
import type { Engine } from "./engine.ts";
import { createImages } from "./image.ts";
import { makeMark, markOf } from "./mark.ts";
import { Refusal } from "./refusal.ts";
import { pathOf, servesHttp } from "./serving.ts";
import { findEngine } from "./sockets.ts";

const endingMs = 500;

type Options = { sockets: readonly string[]; dataDir: string };

/** Runs servers that are images, by whichever engine answers. None is looked for before there is something to run or to sweep. */
export type Containers = ReturnType<typeof createContainers>;

export function createContainers({ sockets, dataDir }: Options) {
  const images = createImages();
  /** Of all that we started and have not seen end. What else bears our mark is a crash's leftover, or was out of our reach. */
  const names = new Set<string>();

  /** @throws Problem `unavailable`: no engine, no image, or a container that cannot be started */
  async function run(start: Start): Promise<Run> {
    const { server, signal = new AbortController().signal } = start;
    const { fields } = server;
    const log = start.log();
    const engine = await findEngine(sockets);
    void sweepAt(engine);
    await images.provide(engine, fields.image ?? "", log, signal);
    if (signal.aborted) throw new Problem("unavailable", "it is being stopped");
    const { id, container } = await started(engine, start, log, true);
    const run = { container: id, closed: container.closed, stop: container.stop };
    if (fields.containerPort === undefined) return { ...run, via: container };
    const url = await servedAt(engine, id, container, fields, signal);
    if (url !== undefined) return { ...run, via: { url } };
    // It is told of like any other that ended.
    return { ...run, via: container, closed: container.closed.then((exit) => unserved(exit, fields)) };
  }

  async function started(
    engine: Engine,
    start: Start,
    log: LogRing,
    init: boolean,
  ): Promise<{ id: string; container: Container }> {
    const { server, env, instance } = start;
    const { fields } = server;
    const name = `mcpctl-${server.name}-${crypto.randomUUID().slice(0, 8)}`;
    const labels = { "mcpctl.data": makeMark(dataDir), "mcpctl.instance": instance, "mcpctl.server": server.name };
    names.add(name);
    try {
      const body = creation({ fields, env, labels, init });
      const id = idIn(await engine.ask("POST", `/containers/create?name=${name}`, { body }));
      const attached = await engine.attach(id, fields.containerPort === undefined);
      await engine.ask("POST", `/containers/${id}/start`).catch((error: unknown) => {
        attached.close();
        throw error;
      });
      const container = followContainer({ engine, id, attached, fields, log });
      void container.closed.then(() => names.delete(name));
      return { id, container };
    } catch (error) {
      await remove(engine, name);
      names.delete(name);
      if (!(error instanceof Refusal)) throw error;
      if (init && lacksInit(error.message)) return await started(engine, start, log, false);
      throw new Problem("unavailable", refusalOf(error.message, fields), { cause: error });
    }
  }

  /** Ends what bears our mark and is not ours any more; answers how many. */
  async function sweepAt(engine: Engine): Promise<number> {
    const mark = markOf(dataDir);
    if (mark === undefined) return 0;
    const filters = encodeURIComponent(JSON.stringify({ label: [`mcpctl.data=${mark}`] }));
    try {
      const found: unknown = JSON.parse(await engine.ask("GET", `/containers/json?all=true&filters=${filters}`));
      const left = (Array.isArray(found) ? found : []).filter(isObject).flatMap(({ Id, Names }) => {
        const isOurs = Array.isArray(Names) && Names.some((name) => names.has(String(name).replace(/^\//, "")));
        return isOurs || typeof Id !== "string" ? [] : [Id];
      });
      const removed = await Promise.all(left.map((id) => remove(engine, id)));
      return removed.filter(Boolean).length;
    } catch {
      return 0;
    }
  }

  return {
    run,
    /** What a crash left. No engine is looked for if there never was a container of ours. */
    sweep: async (): Promise<number> => {
      if (markOf(dataDir) === undefined) return 0;
      const engine = await findEngine(sockets).catch(() => undefined);
      return engine === undefined ? 0 : await sweepAt(engine);
    },
  };
}

function idIn(answer: string): string {
  const made: unknown = JSON.parse(answer);
  if (isObject(made) && typeof made["Id"] === "string") return made["Id"];
  throw new Problem("unavailable", "the container engine did not say what it made");
}

/** Some installations of either engine come without the small program that is a container's first process. */
const lacksInit = (message: string) => /catatonit|docker-init|init binary/i.test(message);

/** Where it serves, once it does; undefined when it ended before. @throws Problem `unavailable` when it serves nothing in time */
async function servedAt(
  engine: Engine,
  id: string,
  container: Container,
  fields: ServerFields,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { initializeSeconds } = serverLimitsOf(fields);
  const over = new AbortController();
  const port = fields.network === "host" ? fields.containerPort : await publishedPort(engine, id);
  const url = `http://127.0.0.1:${port}${pathOf(fields)}`;
  const serves =
    port === undefined
      ? Promise.resolve(false)
      : servesHttp(url, initializeSeconds * 1000, AbortSignal.any([signal, over.signal]));
  const ended = container.closed.then(() => "ended" as const);
  const outcome = await Promise.race([serves, ended]);
  over.abort();
  if (outcome === true) return url;
  if (outcome === "ended" || (await within(endingMs, ended)) !== undefined) return undefined;
  await container.stop(true);
  throw new Problem(
    "unavailable",
    port === undefined
      ? `the container engine did not publish its containerPort ${fields.containerPort}`
      : `nothing answers HTTP at its containerPort ${fields.containerPort} within ${initializeSeconds} s; it must serve there on 0.0.0.0, not on 127.0.0.1 alone`,
  );
}

function unserved(exit: Exit, { containerPort }: ServerFields): Exit {
  const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`;
  const reason = exit.reason ?? `it ended ${how} before it served anything at its containerPort ${containerPort}`;
  return { ...exit, reason };
}

/** The port of this machine that the engine chose. */
async function publishedPort(engine: Engine, id: string): Promise<string | undefined> {
  const answer = await engine.ask("GET", `/containers/${id}/json`).catch(() => "");
  return /"HostPort":"([1-9]\d{0,4})"/.exec(answer)?.[1];
}
