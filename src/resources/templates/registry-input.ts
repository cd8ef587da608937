import { cut } from "../../lib/cut.ts";
import { isObject } from "../../lib/object.ts";
import { placeholders, type TemplateFields } from "../template.ts";

/** An object of a registry file, its keys in the newer spelling: `isRequired`, not `is_required`. */
export type Input = Record<string, unknown>;
type Argument = NonNullable<TemplateFields["arguments"]>[number];
type Value = NonNullable<TemplateFields["env"]>[number];

/** One way of having a server: the fields of a template, or why it cannot be one. */
export type Way = { word: string; rank: number } & (
  | { fields: Partial<TemplateFields>; why?: undefined }
  | { fields?: undefined; why: string }
);

const most = 200;

export const inputsIn = (list: unknown): Input[] =>
  Array.isArray(list) ? list.filter(isObject).slice(0, most).map(camel) : [];

const camel = (input: Input): Input =>
  Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()), value]),
  );

export const textIn = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export type Words = ReturnType<typeof createWords>;

/** Collects what a server asks for, while its arguments, variables and headers are read: each word in braces is one argument of the template. */
export function createWords() {
  const found = new Map<string, Argument>();
  let secret = false;

  function add(word: string, input: Input): string {
    if (input["isSecret"] === true) secret = true;
    const name = /^[A-Za-z]/.test(word) ? word.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 64) : `arg-${found.size + 1}`;
    const usual = textIn(input["default"]);
    found.set(name, {
      name,
      ...saidOf(input),
      ...(input["isRequired"] === true && { required: true }),
      ...(usual !== undefined && { default: usual }),
      ...(input["isRepeated"] === true && { repeated: true }),
    });
    return `{${name}}`;
  }

  /** A text whose words in braces are explained by `variables`. */
  function filledFrom(text: string, variables: unknown): string {
    const explained = isObject(variables) ? variables : {};
    return text.replace(placeholders, (_, word: string) => {
      const about = explained[word];
      return add(word, { isRequired: true, ...(isObject(about) ? camel(about) : {}) });
    });
  }

  function argumentFrom(input: Input): string[] {
    const flag = textIn(input["name"]);
    const fixed = textIn(input["value"]);
    const isNamed = input["type"] === "named" && flag !== undefined;
    if (fixed !== undefined) {
      const text = filledFrom(fixed, input["variables"]);
      return isNamed ? [flag, text] : [text];
    }
    const hint = textIn(input["valueHint"]);
    const isOptional = input["isRequired"] !== true && input["default"] === undefined;
    // A secret that may be left out is left out.
    if (isOptional && input["isSecret"] === true) return [];
    if (!isNamed) return [add(hint ?? flag ?? "", input)];
    const word = add(flag.replace(/^-+/, ""), input);
    return isOptional ? [`${flag}=${word}`] : [flag, word];
  }

  function valueFrom(input: Input): Value {
    const fixed = textIn(input["value"]);
    const usual = fixed !== undefined && !fixed.includes("{") ? fixed : textIn(input["default"]);
    return {
      name: String(input["name"]),
      ...saidOf(fixed === undefined || usual === fixed ? input : { ...input, description: about(input, fixed) }),
      ...(input["isRequired"] === true && { required: true }),
      ...(input["isSecret"] === true && { secret: true }),
      ...(usual !== undefined && { default: usual }),
    };
  }

  return {
    filledFrom,
    argumentsFrom: (list: unknown): string[] => inputsIn(list).flatMap(argumentFrom),
    valuesFrom: (list: unknown): Value[] => inputsIn(list).map(valueFrom),
    hasSecret: () => secret,
    declared: (): Pick<TemplateFields, "arguments"> => (found.size === 0 ? {} : { arguments: [...found.values()] }),
  };
}

const about = (input: Input, form: string): string =>
  [textIn(input["description"]), `written as ${form}`].filter((part) => part !== undefined).join("; ");

function saidOf(input: Input): { description?: string } {
  const choices = Array.isArray(input["choices"]) ? input["choices"].filter((one) => typeof one === "string") : [];
  const parts = [textIn(input["description"]), choices.length === 0 ? undefined : `one of ${choices.join(", ")}`];
  const text = parts.filter((part) => part !== undefined).join("; ");
  return text === "" ? {} : { description: cut(text, 1000) };
}
