import { notification, response } from "../json-rpc.ts";
import { withMeta } from "../meta.ts";
import { metaKeys } from "../protocol.ts";
import type { Admission, Visit } from "../visit.ts";
import type { Changes, ChangingList, Subscriber } from "./changes.ts";
import { EventOut } from "./event-out.ts";
import type { Readers } from "./readers.ts";

/** What is followed, by server and key: what the client calls it, and for a task the tool that began it. */
export type Shown = ReadonlyMap<string, { name: string; tool?: string }>;

type Options = { changes: Changes; readers: Readers; visit: Visit; owner: string; id: string; shown: Shown };

/** One stream of `subscriptions/listen` that is open. It lives for days, so it holds what it needs and nothing of what it was asked with. */
export class Listening implements Subscriber {
  readonly projectId: string;
  readonly subject: string;
  readonly lists: ReadonlySet<ChangingList>;
  readonly out: EventOut;
  readonly #changes: Changes;
  readonly #visit: Visit;
  readonly #owner: string;
  readonly #id: string;
  readonly #shown: Shown | undefined;

  constructor({ changes, readers, visit, owner, id, shown }: Options, lists: ReadonlySet<ChangingList>) {
    this.projectId = visit.admission.project.id;
    this.subject = visit.admission.principal;
    this.lists = lists;
    this.#changes = changes;
    this.#visit = visit;
    this.#owner = owner;
    this.#id = id;
    this.#shown = shown.size === 0 ? undefined : shown;
    this.out = new EventOut(readers, { onClose: () => this.#stop() });
  }

  admission(): Promise<Admission> {
    return this.#visit.again();
  }

  shown(serverId: string, key: string) {
    return this.#shown?.get(`${serverId} ${key}`);
  }

  tell(method: string, params: string): void {
    this.out.send(notification(method, this.#tagged(params)));
  }

  /** With its result: the client knows that it was not the network. */
  end(): void {
    this.out.send(response(this.#id, { result: this.#tagged('{"resultType":"complete"}') }));
    this.out.close();
  }

  /** The right to it has. */
  ended(): void {
    this.end();
  }

  /** The client has gone. */
  handleEvent(): void {
    this.out.close();
  }

  #tagged(text: string): string {
    return withMeta(text, { [metaKeys.subscriptionId]: this.#id });
  }

  #stop(): void {
    this.#changes.unsubscribe(this);
    this.#changes.unfollow(this.#owner);
    this.#visit.release();
  }
}
