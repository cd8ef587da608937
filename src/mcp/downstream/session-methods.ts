import { errorOutcome, type Outcome, resultOutcome } from "../answers.ts";
import { resourceTarget } from "../catalog/resource-target.ts";
import { logLevels } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { Exchange } from "./exchange.ts";

/** `logging/setLevel`: from this level on the session hears what servers log during its calls. */
export function setLevel({ inbound, live }: Exchange): Outcome {
  const level = logLevels.find((known) => known === inbound.params["level"]);
  if (level === undefined) return errorOutcome(codes.invalidParams, `The level is one of ${logLevels.join(", ")}`);
  if (live === undefined) return needsSession();
  live.level = level;
  return resultOutcome({});
}

const mostSubscriptions = 500;
/** What is followed is kept, and said to its server with all else that is: a longer URI can only be read. */
export const longestFollowed = 8_192;

/** `resources/subscribe`: the session is told of each change of it, as long as it may see it. */
export async function subscribe(exchange: Exchange): Promise<Outcome> {
  const { inbound, live } = exchange;
  const { uri } = inbound.params;
  const target =
    typeof uri === "string" && uri.length <= longestFollowed ? resourceTarget(await exchange.view(), uri) : undefined;
  if (typeof uri !== "string" || target === undefined || !exchange.mayUse("resources", target))
    return errorOutcome(codes.resourceNotFound, "No server of this project offers this resource", { uri });
  if (live === undefined) return needsSession();
  if (live.subscriptions.size >= mostSubscriptions)
    return errorOutcome(codes.invalidParams, `A session follows ${mostSubscriptions} resources at most`);
  live.subscriptions.set(uri, { serverId: target.server.id, key: target.key });
  const failed = await exchange.resubscribe();
  if (!failed.includes(target.server.id)) return resultOutcome({});
  live.subscriptions.delete(uri);
  return errorOutcome(codes.internal, `server "${target.server.name}" does not tell of changes of this resource`);
}

export async function unsubscribe(exchange: Exchange): Promise<Outcome> {
  const { inbound, live } = exchange;
  if (live === undefined) return needsSession();
  if (live.subscriptions.delete(String(inbound.params["uri"]))) await exchange.resubscribe();
  return resultOutcome({});
}

const needsSession = () =>
  errorOutcome(codes.invalidRequest, "This needs a session: initialize, and send the Mcp-Session-Id of its answer");
