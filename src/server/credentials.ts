import type { Credential, Verified } from "../auth/access-token.ts";
import { bearerIn } from "../auth/authenticate.ts";
import { isJwtShaped } from "../auth/jwt.ts";
import { pathOf } from "./sender.ts";

export type Credentials = ReturnType<typeof createCredentials>;

/**
 * What a request shows of who sends it. A token of the operator's issuer is checked here, before any transaction begins, and goes on as what it
 * says: nothing behind this door has the token itself. Without an issuer such a token is a bearer like any other that is not ours.
 */
export function createCredentials(verify: ((token: string, path: string) => Promise<Verified>) | undefined) {
  const verified = new WeakMap<Request, Verified>();
  const bearerOf = (request: Request) => bearerIn(request.headers.get("authorization"));

  async function checked(request: Request, checking: Promise<Verified>): Promise<Verified> {
    const said = await checking;
    verified.set(request, said);
    return said;
  }

  return {
    /** @throws Problem 401, 403, 503 */
    of(request: Request): Credential | Promise<Verified> {
      const bearer = bearerOf(request);
      if (verify === undefined || bearer === undefined || !isJwtShaped(bearer)) return bearer;
      return verified.get(request) ?? checked(request, verify(bearer, pathOf(request)));
    },
    /** The same of a request that was let in already. One that was not is still the bearer, which opens nothing. */
    known: (request: Request): Credential => verified.get(request) ?? bearerOf(request),
  };
}
