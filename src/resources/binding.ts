import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import { type Binding, roles } from "./rbac.ts";

const keys = ["role", "resource", "name", "action"];

/**
 * One right as it is written on the command line: `role:view,resource:servers,name:my-ha` or `action:logs`. Blanks around words do not matter.
 * `where` begins the message, such as "binding 2".
 * @throws Problem `invalid`, which names the part that is wrong
 */
export function parseBinding(text: string, where = "a binding"): Binding {
  const refused = (message: string) =>
    new Problem("invalid", `${where} is not valid: ${message}`, {
      hint: "write role:edit,resource:servers or role:view,resource:servers,name:NAME or action:logs",
    });
  const found: Record<string, string> = {};
  if (text.trim() === "") throw refused("it is empty");
  for (const part of text.split(",")) {
    const [key = "", ...value] = part.split(":").map((word) => word.trim());
    if (part.trim() === "") throw refused("nothing stands before or after a comma");
    if (!keys.includes(key)) throw refused(`there is no key "${key.slice(0, 40)}".${didYouMean(key, keys)}`);
    if (found[key] !== undefined) throw refused(`${key} is given twice`);
    if (value.join(":") === "") throw refused(`${key} has no value`);
    found[key] = value.join(":");
  }
  const { role, resource, name, action } = found;
  if (action !== undefined) {
    if (resource !== undefined || name !== undefined) throw refused("an action has no resource and no name");
    if (role !== undefined && role !== "run") throw refused("an action goes with role:run, or without a role");
    return { role: "run", action };
  }
  const known = roles.find((candidate) => candidate === role);
  if (known === undefined)
    throw refused(
      role === undefined
        ? "a role is missing"
        : `there is no such role.${didYouMean(role, roles)} Roles: ${roles.join(", ")}`,
    );
  if (resource === undefined) throw refused("a resource is missing");
  return { role: known, resource, ...(name === undefined ? {} : { name }) };
}
