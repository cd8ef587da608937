import { onAbort } from "../../lib/abort.ts";
import { notification } from "../json-rpc.ts";
import type { Abilities } from "../peer.ts";
import type { Admission, Visit } from "../visit.ts";
import type { Changes, ChangingList, Subscriber } from "./changes.ts";
import { EventOut } from "./event-out.ts";
import type { Listener, Live } from "./live.ts";
import type { Readers } from "./readers.ts";
import type { SessionFacts } from "./session.ts";

type Options = { changes: Changes; readers: Readers; visit: Visit; facts: SessionFacts; live: Live };

export const everyList: ReadonlySet<ChangingList> = new Set<ChangingList>(["tools", "prompts", "resources"]);

/** What a session calls a resource that it wants to hear of. */
export function shownTo(live: Live, serverId: string, key: string): { name: string } | undefined {
  for (const [name, one] of live.subscriptions) if (one.serverId === serverId && one.key === key) return { name };
  return undefined;
}

/** The stream of GET: what belongs to no request, and what was missed of streams that broke. Thousands are open at once, and hold little. */
export class SessionStream implements Subscriber, Listener {
  readonly projectId: string;
  readonly subject: string;
  readonly abilities: Abilities;
  readonly lists = everyList;
  readonly out: EventOut;
  readonly #changes: Changes;
  readonly #visit: Visit;
  readonly #live: Live;

  constructor({ changes, readers, visit, facts, live }: Options) {
    this.projectId = visit.admission.project.id;
    this.subject = visit.admission.principal;
    this.abilities = facts.abilities;
    this.#changes = changes;
    this.#visit = visit;
    this.#live = live;
    this.out = new EventOut(readers, { onClose: () => this.#stop() });
  }

  /** `lastEventId` is where a stream broke off; one of a POST hears only what was said on that. */
  open(lastEventId: string | null): void {
    const { transcripts } = this.#live;
    this.#visit.cut.add(this);
    onAbort(this.#visit.request.signal, this);
    if (lastEventId === null || !transcripts.resume(lastEventId, this.out)) transcripts.listen(this.out);
    const isOfPost = lastEventId !== null && !lastEventId.startsWith("0.");
    if (isOfPost || !this.out.isOpen()) return;
    this.#live.listener = this;
    this.#changes.subscribe(this);
  }

  say(text: string): boolean {
    return this.#live.transcripts.say(text);
  }

  admission(): Promise<Admission> {
    return this.#visit.again();
  }

  shown(serverId: string, key: string) {
    return shownTo(this.#live, serverId, key);
  }

  tell(method: string, params: string): void {
    this.say(notification(method, params));
  }

  end(): void {
    this.out.close();
  }

  /** The right to it has. */
  ended(): void {
    this.out.close();
  }

  /** The client has gone. */
  handleEvent(): void {
    this.out.close();
  }

  #stop(): void {
    this.#changes.unsubscribe(this);
    this.#live.transcripts.left(this.out);
    if (this.#live.listener === this) this.#live.listener = undefined;
    this.#visit.release();
  }
}
