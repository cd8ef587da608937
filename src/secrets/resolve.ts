import { Problem } from "../lib/problem.ts";
import type { Valued } from "../resources/server.ts";
import { unfit } from "../resources/server-rules.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { openSecret } from "./secret-aside.ts";
import type { Vault } from "./vault.ts";

/**
 * The values of a server's `env` or `headers`, secrets included. What cannot be found is an error, never an empty value: a server that
 * starts without its credential fails later and elsewhere.
 * @throws Problem `unavailable`
 */
export function* resolveValues(
  vault: Vault,
  field: keyof typeof unfit,
  entries: readonly Valued[] = [],
): Op<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const { name, value, valueFrom } of entries) {
    const given = valueFrom === undefined ? (value ?? "") : yield* secretValue(vault, valueFrom.secretRef);
    const why = unfit[field](given);
    if (why !== undefined) throw new Problem("unavailable", `the value of ${name} in its ${field} ${why}`);
    values[name] = given;
  }
  return values;
}

/** One value of a secret. @throws Problem `unavailable` */
export function* secretValue(vault: Vault, { name, key }: { name: string; key: string }): Op<string> {
  const secret = yield* findResource("secret", name);
  if (secret === undefined) {
    throw new Problem("unavailable", `secret "${name}" does not exist`, {
      hint: `mcpctl create secret ${name} --data ${key}=…`,
    });
  }
  const value = (yield* openSecret(vault, secret))?.[key];
  if (value === undefined) {
    throw new Problem("unavailable", `secret "${name}" has no key "${key}"`, {
      hint: `mcpctl describe secret ${name}`,
    });
  }
  return value;
}
