import { bearerIn } from "../auth/authenticate.ts";
import { type BearerKeys, bearerKind, storedAs, tokenSubject } from "../auth/bearer.ts";
import { type Caller, loginOf } from "../rbac/rights.ts";
import type { AuditActor } from "../resources/audit.ts";
import type { Op } from "../storage/op.ts";
import { findPrincipal } from "../storage/resources.ts";
import { findTokenByHash } from "../storage/tokens.ts";

/** Who sent a request, as far as is known yet: the address at once, the caller after authentication. */
export type Sender = { address?: string | undefined; caller?: Caller | undefined };

/** The audit log asks for it where a request was refused, which may be far from where it was authenticated. */
export type Senders = WeakMap<Request, Sender>;

export function identified(senders: Senders, request: Request, caller: Caller): void {
  const sender = senders.get(request);
  if (sender === undefined) senders.set(request, { caller });
  else sender.caller = caller;
}

/** Where a request goes. There is no URL when its Host is none: then it is as it came. */
export const pathOf = ({ url }: Request): string => URL.parse(url)?.pathname ?? url;

/** A caller in the words of the audit log, also one whose account is disabled by now. */
export function* actorOf(caller: Caller): Op<AuditActor> {
  const principal = yield* findPrincipal(caller.kind === "token" ? caller.ownerId : caller.principalId);
  const user = principal?.name;
  if (caller.kind === "token") {
    const { subject, name } = caller.token;
    return { subject, user, tokenName: name, tokenSha: shaOf(subject) };
  }
  const prefix = principal?.kind === "serviceaccount" ? "ServiceAccount" : "User";
  return { subject: `${prefix}:${user ?? caller.principalId}`, user, sessionId: loginOf(caller) };
}

/** Whose bearer was refused: one that is revoked or expired still says whose it was. Empty for a stranger. */
export function* actorBehind(hashKeys: BearerKeys, request: Request): Op<AuditActor> {
  const bearer = bearerIn(request.headers.get("authorization"));
  if (bearer === undefined || bearerKind(bearer) !== "token") return { subject: "" };
  const token = yield* storedAs(hashKeys, bearer, findTokenByHash);
  if (token === undefined) return { subject: "" };
  const subject = tokenSubject(token.hash);
  return { subject, user: token.ownerName, tokenName: token.name, tokenSha: shaOf(subject) };
}

const shaOf = (subject: string) => subject.replace(/^McpToken:/, "");
