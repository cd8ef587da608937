import { writeSync } from "node:fs";
import { lineCutter } from "../../lib/lines.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf } from "../../lib/problem.ts";
import { remember } from "../../lib/remember.ts";
import { contextOf, type Reach, stageContextOf } from "./contexts.ts";
import { answerOf, friendly } from "./friendly.ts";
import type { Code, Exports, Order, Said } from "./protocol.ts";

/** Of one line: a result of 10 MB, its original, and what JSON makes of both. */
const lineBytes = 64 * 1024 * 1024;
const retryMs = 1;

const mostTools = 5_000;

type Run = (...args: unknown[]) => unknown;
type Loaded = { run?: Run; hooks: Record<string, Run>; exports: Exports };
type Asked = { of: Reach; settle: (answer: { value?: unknown; error?: string }) => void; compute?: () => unknown };

/**
 * Our third life: `mcpctl __worker` runs the stages and plugins of the data folder, for the gateway that started it and is spoken to over standard
 * input and output. It ends with that.
 */
export async function runWorker(): Promise<void> {
  const loaded = new Map<string, Promise<Loaded>>();
  const running = new Map<number, AbortController>();
  const asked = new Map<number, Asked>();
  const tools = new Map<string, (args: unknown, context: unknown) => unknown>();
  let asks = 0;

  // A promise that nobody waits for is no reason to end everybody else's work.
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.on(event, (error) => process.stderr.write(`${messageOf(error)}\n`));

  async function obey(order: Order): Promise<void> {
    if (order.do === "ping") return say({ say: "pong" });
    if (order.do === "abort") return running.get(order.id)?.abort();
    if (order.do === "answer") return asked.get(order.ask)?.settle(order);
    const { id } = order;
    const aborter = new AbortController();
    running.set(id, aborter);
    try {
      say({ say: "began", id });
      say({ say: "done", id, value: await work(order, reachOf(id, order.code, aborter.signal)) });
    } catch (error) {
      say({ say: "failed", id, message: messageOf(error).slice(0, 2_000) });
    } finally {
      running.delete(id);
      for (const [ask, { of }] of asked) if (of.id === id) asked.delete(ask);
    }
  }

  async function work(order: Extract<Order, { code: Code }>, reach: Reach): Promise<unknown> {
    if (order.do === "compute") return await asked.get(order.of)?.compute?.();
    const code = await codeOf(order.code);
    if (order.do === "load") return code.exports;
    if (order.do === "stage")
      return await code.run?.(order.content, stageContextOf(order.content, order.context, reach));
    const context = contextOf(order.context, reach);
    if (order.do === "tool") {
      const call = tools.get(toolKey(order.code, order.context.identity.id, order.tool));
      return call === undefined ? { unknown: true } : { answer: answerOf(await call(order.args, context)) };
    }
    const hook = code.hooks[order.hook];
    if (hook === undefined) throw new Error(`it has no hook ${order.hook}`);
    return await friendly(order.hook, hook, context, order.args);
  }

  async function codeOf(code: Code): Promise<Loaded> {
    const ready =
      loaded.get(code.path) ?? import(code.path).then((module: Record<string, unknown>) => checked(code, module));
    loaded.set(code.path, ready);
    // What could not be loaded now may be for a reason that passes.
    ready.catch(() => loaded.delete(code.path));
    return await ready;
  }

  const reachOf = (id: number, code: Code, signal: AbortSignal): Reach => ({
    id,
    signal,
    tell: (what, ...args) => say({ say: "tell", id, what, args }),
    ask: (what, args, compute) =>
      new Promise((resolve, reject) => {
        const ask = ++asks;
        const settle = ({ value, error }: { value?: unknown; error?: string }) => {
          asked.delete(ask);
          say({ say: "began", id });
          if (error === undefined) resolve(value);
          else reject(new Error(error));
        };
        asked.set(ask, { of: reachOf(id, code, signal), settle, ...(compute && { compute }) });
        say({ say: "ask", id, ask, what, args });
      }),
    addTool(identity, tool, call) {
      // Whoever is forgotten is registered anew when its tool is called.
      remember(tools, toolKey(code, identity, tool), call, mostTools);
    },
  });

  const cut = lineCutter(
    lineBytes,
    (line) => {
      if (line !== "") void obey(JSON.parse(line) as Order);
    },
    () => {},
  );
  for await (const chunk of Bun.stdin.stream()) cut(chunk);
}

/** By whose it is, too: what one session's tool knows is no other's. */
const toolKey = (code: Code, identity: string, tool: string) => JSON.stringify([code.path, identity, tool]);

/** @throws Error when it is not what such a file exports */
function checked({ kind }: Code, { default: given, description: told }: Record<string, unknown>): Loaded {
  if (kind === "stage") {
    if (typeof given !== "function") throw new Error("its default export is no function (content, ctx) => ({content})");
    return { run: given as Run, hooks: {}, exports: { hooks: [], ...described(told) } };
  }
  if (!isObject(given)) throw new Error("its default export is no object {hooks: {…}}");
  const { name, description, extends: parents = [], hooks = {} } = given;
  if (!isObject(hooks)) throw new Error("its hooks are no object {onToolsList(ctx, tools) {…}}");
  for (const [hook, run] of Object.entries(hooks))
    if (typeof run !== "function") throw new Error(`its hook ${hook} is no function`);
  const named: unknown[] = Array.isArray(parents) ? parents : [parents];
  if (!named.every((parent) => typeof parent === "string")) throw new Error("its extends is no list of names");
  return {
    hooks: hooks as Record<string, Run>,
    exports: {
      hooks: Object.keys(hooks),
      extends: named as string[],
      ...(typeof name === "string" && { name }),
      ...described(description),
    },
  };
}

const described = (text: unknown) => (typeof text === "string" ? { description: text.slice(0, 1_000) } : {});

/**
 * At once, so that it is out before anybody's code goes on. The blank line ends what somebody's code may have written without an end of line: it
 * would damage the message.
 */
function say(said: Said): void {
  let rest: Uint8Array = new TextEncoder().encode(`\n${textOf(said)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      Bun.sleepSync(retryMs);
    }
  }
}

function textOf(said: Said): string {
  try {
    return JSON.stringify(said);
  } catch (error) {
    // A result that goes round in a circle, or holds a BigInt.
    return JSON.stringify({ say: "failed", id: "id" in said ? said.id : 0, message: messageOf(error) });
  }
}
