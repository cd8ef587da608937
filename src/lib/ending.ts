/** Told once of an end. As an object it is what a call has already: a function would be made for each. */
export type Listener = ((reason: unknown) => void) | { ended: (reason: unknown) => void };

/**
 * Something that ends once, for a reason: what an AbortController and its signal are, at a small part of their cost, which every call would pay.
 * A real signal is made only for whoever needs one.
 */
export class Ending {
  /** There is one, and seldom more. */
  #listener: Listener | undefined;
  #others: Listener[] | undefined;
  #controller: AbortController | undefined;
  hasEnded = false;
  reason: unknown;

  /** What has ended stays as it ended first. */
  end(reason: unknown = new DOMException("It has ended", "AbortError")): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.reason = reason;
    const [listener, others] = [this.#listener, this.#others];
    this.#listener = undefined;
    this.#others = undefined;
    if (listener !== undefined) tell(listener, reason);
    for (const other of others ?? []) tell(other, reason);
    this.#controller?.abort(reason);
  }

  /** Calls back once it ends, at once when it already has. Answers how to stop listening. */
  onEnd(listener: Listener): () => void {
    this.add(listener);
    return this.hasEnded ? nothing : () => this.remove(listener);
  }

  /** The same for who stops by `remove`. */
  add(listener: Listener): void {
    if (this.hasEnded) tell(listener, this.reason);
    else if (this.#listener === undefined && this.#others === undefined) this.#listener = listener;
    else if (this.#others === undefined) this.#others = [listener];
    else this.#others.push(listener);
  }

  remove(listener: Listener): void {
    const at = this.#others?.lastIndexOf(listener) ?? -1;
    if (at >= 0) this.#others?.splice(at, 1);
    else if (this.#listener === listener) this.#listener = undefined;
  }

  /** @throws the reason, once it has ended */
  throwIfEnded(): void {
    if (this.hasEnded) throw this.reason;
  }

  /** The same for what takes a real one, such as `fetch`. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.hasEnded) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** One that ends when this signal fires. */
  static of(signal: AbortSignal): Ending {
    const ending = new Ending();
    if (signal.aborted) ending.end(signal.reason);
    else signal.addEventListener("abort", () => ending.end(signal.reason), { once: true });
    return ending;
  }
}

function tell(listener: Listener, reason: unknown): void {
  if (typeof listener === "function") listener(reason);
  else listener.ended(reason);
}

const nothing = () => {};
