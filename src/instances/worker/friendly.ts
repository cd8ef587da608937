import { isObject } from "../../lib/object.ts";

type Hook = (...args: unknown[]) => unknown;

/** Which list a result of this hook must hold; what has none is nonsense. */
const results: Record<string, string> = {
  onToolCallAfter: "content",
  onResourceRead: "contents",
  onPromptGet: "messages",
};
const lists = new Set(["onToolsList", "onResourcesList", "onPromptsList"]);

/**
 * Runs a hook in the form in which people write them: JSON text comes as objects and goes back as text. Nothing comes back for what it left as it
 * was, so that this stays what it was byte for byte. @throws Error for what is no such answer
 */
export async function friendly(name: string, hook: Hook, context: unknown, args: readonly unknown[]): Promise<unknown> {
  if (lists.has(name)) return await list(hook, context, args[0] as string[]);
  if (name === "onSessionDestroy") return void (await hook((context as { identity: unknown }).identity));
  if (name === "onToolCallBefore") return await before(hook, context, args[0] as CallText);
  const [about, text] = args;
  if (results[name] === undefined) {
    const answer = await hook(context, ...args);
    if (name !== "onInitialize" || answer === undefined) return undefined;
    if (typeof answer !== "string") throw new Error("it answered instructions that are no text");
    return answer;
  }
  const about_ = name === "onToolCallAfter" ? callOf(about as CallText) : about;
  return await result(results[name], String(text), (given) => hook(context, about_, given));
}

async function result(list: string, text: string, run: (given: unknown) => unknown): Promise<string | undefined> {
  const answer = await run(JSON.parse(text));
  const original = JSON.parse(text) as Record<string, unknown>;
  if (answer === undefined || Bun.deepEquals(answer, original, true)) return undefined;
  if (!isObject(answer) || !Array.isArray(answer[list]))
    throw new Error(`it answered a result without a list "${list}"`);
  // A failure stays one, whatever is made of its words.
  return JSON.stringify(original["isError"] === true ? { ...answer, isError: true } : answer);
}

/** Entries in their new order; one that is as it was comes without its text. */
async function list(hook: Hook, context: unknown, texts: readonly string[]) {
  const answer = await hook(
    context,
    texts.map((text) => JSON.parse(text) as unknown),
  );
  if (answer === undefined) return undefined;
  if (!Array.isArray(answer)) throw new Error("it answered no list");
  const originals = texts.map((text) => JSON.parse(text) as Record<string, unknown>);
  return answer.map((entry: unknown) => {
    const at = originals.findIndex((original) => isObject(entry) && keyOf(original) === keyOf(entry));
    if (at < 0) throw new Error("it answered an entry that was not in the list: ctx.registerTool makes new tools");
    return Bun.deepEquals(entry, originals[at], true) ? { at } : { at, text: JSON.stringify(entry) };
  });
}

/** Resources are known by their address, all else by its name. */
const keyOf = (entry: Record<string, unknown>): unknown => entry["uri"] ?? entry["uriTemplate"] ?? entry["name"];

type CallText = { name: string; server: string; tool: string; argumentsText: string };

function callOf({ argumentsText, ...call }: CallText) {
  return { ...call, arguments: JSON.parse(argumentsText) as unknown };
}

async function before(hook: Hook, context: unknown, call: CallText) {
  const answer = await hook(context, callOf(call));
  if (answer === undefined) return undefined;
  if (!isObject(answer)) throw new Error("it answered no object {answer?, arguments?, preface?}");
  const { answer: result, arguments: args, preface, ...odd } = answer;
  const unknown = Object.keys(odd)[0];
  if (unknown !== undefined) throw new Error(`it answered {${unknown}}: there are answer, arguments and preface`);
  if (preface !== undefined && typeof preface !== "string") throw new Error("it answered a preface that is no text");
  if (args !== undefined && !isObject(args)) throw new Error("it answered arguments that are no object");
  const isSame = args === undefined || Bun.deepEquals(args, JSON.parse(call.argumentsText), true);
  return {
    ...(result !== undefined && { answer: answerOf(result) }),
    ...(!isSame && { argumentsText: JSON.stringify(args) }),
    ...(preface !== undefined && { preface }),
  };
}

/** A text stands for a result with nothing else. */
export function answerOf(given: unknown): string {
  if (typeof given === "string") return JSON.stringify({ content: [{ type: "text", text: given }] });
  if (!isObject(given) || !Array.isArray(given["content"]))
    throw new Error('it answered a result without a list "content"');
  return JSON.stringify(given);
}
