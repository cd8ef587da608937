import { isObject } from "../../lib/object.ts";
import type { TemplateFields } from "../template.ts";
import { type Input, inputsIn, textIn, type Way, type Words } from "./registry-input.ts";

/** An image, and what its publisher wants of the program that runs it: `-e`, `-v`, `--mount`, `--network` and no more. */
export function imageFrom(
  given: Input,
  id: string,
  tag: string | undefined,
  words: Words,
  args: string[],
  env: NonNullable<TemplateFields["env"]>,
): Way {
  const way = { word: "image", rank: 2 };
  const fields: Partial<TemplateFields> = { image: tag === undefined || hasTag(id) ? id : `${id}:${tag}` };
  const volumes: string[] = [];
  for (const input of inputsIn(given["runtimeArguments"])) {
    const flag = textIn(input["name"]) ?? "";
    const value = words.filledFrom(textIn(input["value"]) ?? textIn(input["default"]) ?? "", input["variables"]);
    if (harmless.has(flag) || (flag === "" && /^(run|-[it]+|--rm)$/.test(value))) continue;
    if (flag === "-e" || flag === "--env") {
      const [name = "", usual] = value.split(/=(.*)/s);
      env.push({ name, ...(usual !== undefined && !usual.includes("{") ? { default: usual } : { required: true }) });
    } else if (flag === "-v" || flag === "--volume") volumes.push(value);
    else if (flag === "--mount") volumes.push(bindOf(value));
    else if (flag === "--network") fields.network = value;
    else return { ...way, why: `it asks the program that runs images for ${flag === "" ? "more" : flag}` };
  }
  if (words.hasSecret()) return { ...way, why: "it takes a secret as an argument, where everybody reads it" };
  return {
    ...way,
    fields: {
      ...fields,
      ...portOf(given["transport"]),
      ...(args.length > 0 && { args }),
      ...(volumes.length > 0 && { volumes }),
      ...(env.length > 0 && { env }),
      ...onlyUsed(words.declared(), [...args, ...volumes]),
    },
  };
}

const harmless = new Set(["-i", "-t", "-it", "--interactive", "--rm", "--tty", "--init"]);
const hasTag = (id: string): boolean => /[:@][^/]+$/.test(id);

/** `type=bind,src=A,dst=B` as a volume. */
export function bindOf(mount: string): string {
  const parts = Object.fromEntries(mount.split(",").map((part) => part.split(/=(.*)/s)));
  const from = parts["src"] ?? parts["source"] ?? "";
  const to = parts["dst"] ?? parts["target"] ?? parts["destination"] ?? "";
  return `${from}:${to}${"readonly" in parts || "ro" in parts ? ":ro" : ""}`;
}

/** Where an image serves HTTP, by the address that its publisher wrote. */
function portOf(transport: unknown): Partial<TemplateFields> {
  if (!isObject(transport) || transport["type"] === "stdio") return {};
  const url = textIn(transport["url"]);
  if (url === undefined || !URL.canParse(url)) return {};
  const { port, pathname } = new URL(url);
  return {
    transport: transport["type"] === "sse" ? "sse" : "http",
    containerPort: port === "" ? 80 : Number(port),
    ...(pathname !== "/" && { containerPath: pathname }),
  };
}

/** Words of `-e` are asked for as the variable itself. */
function onlyUsed({ arguments: all = [] }: Pick<TemplateFields, "arguments">, texts: readonly string[]) {
  const used = all.filter(({ name }) => texts.some((text) => text.includes(`{${name}}`)));
  return used.length === 0 ? {} : { arguments: used };
}
