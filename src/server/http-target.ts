import type { ServerRef } from "../mcp/upstream/connections.ts";
import type { Egress } from "../mcp/upstream/egress.ts";
import type { HttpTarget } from "../mcp/upstream/http-client.ts";
import { resolveValues, secretValue } from "../secrets/resolve.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Op } from "../storage/op.ts";

/** How a server by url is reached, with the secrets that this takes. @throws Problem `unavailable` when one is missing */
export function* httpTargetOf(vault: Vault, egress: Egress, { name, fields }: ServerRef): Op<HttpTarget> {
  const { url = "", headers, allowPrivate, tls, oauth } = fields;
  const target: HttpTarget = {
    url,
    headers: yield* resolveValues(vault, "headers", headers),
    server: name,
    allowPrivate,
    egress,
  };
  if (tls !== undefined) {
    const key = tls.key === undefined ? undefined : yield* secretValue(vault, tls.key.secretRef);
    target.tls = { ...tls, key };
  }
  if (oauth !== undefined) {
    const clientSecret = yield* secretValue(vault, oauth.clientSecret.secretRef);
    target.oauth = { ...oauth, clientSecret };
  }
  return target;
}
