import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import { type Binding, roles } from "./rbac.ts";

const keys = ["role", "resource", "name", "action"];

/**
 * One right as it is written on the command line: `role:view,resource:servers,name:my-ha` or `action:logs`. Blanks around words do not matter.
 * @throws Problem `invalid`
 */
export function parseBinding(text: string): Binding {
  const found: Record<string, string> = {};
  for (const part of text.split(",")) {
    const [key = "", ...value] = part.split(":").map((word) => word.trim());
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

const refused = (message: string) =>
  new Problem("invalid", `a binding is not valid: ${message}`, {
    hint: "write role:edit,resource:servers or role:view,resource:servers,name:NAME or action:logs",
  });
