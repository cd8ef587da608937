import { isObject } from "../../lib/object.ts";
import { projectLimitsOf, setByProject } from "../../resources/limits.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { keysIn, outlineOf } from "../outline.ts";
import { codes } from "../protocol.ts";
import { membersOf, unbroken, withMembers } from "../spans.ts";
import type { Visit } from "../visit.ts";
import type { Inbound } from "./inbound.ts";

/** A tool that a proxy model has, and one that it calls; more than these have no use but to call themselves. */
const deepest = 4;

/**
 * A call that a proxy model makes for its caller, as if the client had sent it: what was judged of the message was not these arguments, which a
 * model may have written as a text within it. Pure.
 */
export function nestedCall(
  inbound: Inbound,
  name: string,
  argumentsText: string,
  { admission: { project } }: Visit,
): { inbound: Inbound } | { refusal: Outcome } {
  const within = (inbound.within ?? 0) + 1;
  if (within > deepest)
    return refuse(`Tools that call tools do so ${deepest} deep at most: is it itself that this one calls?`);
  const limits = projectLimitsOf(project.fields);
  const outline = outlineOf(argumentsText, limits);
  if (typeof outline === "string")
    return refuse(
      `The arguments have too many ${outline === "depth" ? "levels" : outline}; ${setByProject(outline === "depth" ? "depth" : "elements")}`,
    );
  const args = parsed(argumentsText);
  if (!isObject(args)) return refuse("The arguments of a tool are an object");
  if (keysIn(args) !== outline.keys) return refuse("The arguments hold a key twice");
  const paramsText = withMembers(inbound.paramsText, {
    name: JSON.stringify(name),
    arguments: unbroken(argumentsText),
  });
  // Those of the call around it are not looked at: to read them is to parse them, when they are long.
  const others = Object.keys(inbound.params).filter((key) => key !== "arguments");
  const params = { ...Object.fromEntries(others.map((key) => [key, inbound.params[key]])), name, arguments: args };
  const { era, id, meta, answer } = inbound;
  const text = {
    paramsText,
    brief: paramsText,
    members: membersOf(paramsText),
    long: undefined,
    size: undefined,
  };
  return { inbound: { era, id, method: "tools/call", params, ...text, meta, answer, within } };
}

const refuse = (why: string) => ({ refusal: errorOutcome(codes.invalidParams, why) });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
