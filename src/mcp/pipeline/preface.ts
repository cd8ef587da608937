import { errorOutcome, type Outcome } from "../answers.ts";
import { codes } from "../protocol.ts";
import { elementsOf, memberOf, withMembers } from "../spans.ts";

/** Words before a result: a text of its own, so that what follows stays as it was. */
export function prefaced(result: string, preface: string | undefined): string {
  if (preface === undefined || preface === "") return result;
  const given = memberOf(result, "content") ?? "[]";
  const content = given.startsWith("[") ? given : "[]";
  const blocks = elementsOf(content).map(({ start, end }) => content.slice(start, end));
  return withMembers(result, {
    content: `[${[JSON.stringify({ type: "text", text: preface }), ...blocks].join(",")}]`,
  });
}

/** An error has no place for them but its message; what asks something of the client is answered later. */
export function withPreface(outcome: Outcome, preface: string | undefined): Outcome {
  if (preface === undefined || preface === "" || !("error" in outcome)) return outcome;
  const { code, message } = JSON.parse(outcome.error) as { code?: number; message?: unknown };
  return { ...outcome, ...errorOutcome(code ?? codes.internal, `${String(message)}\n\n${preface}`) };
}
