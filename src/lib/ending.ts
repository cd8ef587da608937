type Listener = (reason: unknown) => void;

/**
 * Something that ends once, for a reason: what an AbortController and its signal are, at a small part of their cost, which every call would pay.
 * A real signal is made only for whoever needs one.
 */
export class Ending {
  #listeners: Listener[] | undefined;
  #controller: AbortController | undefined;
  hasEnded = false;
  reason: unknown;

  /** What has ended stays as it ended first. */
  end(reason: unknown = new DOMException("It has ended", "AbortError")): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener(reason);
    this.#controller?.abort(reason);
  }

  /** Calls back once it ends, at once when it already has. Answers how to stop listening. */
  onEnd(listener: Listener): () => void {
    if (this.hasEnded) {
      listener(this.reason);
      return nothing;
    }
    this.#listeners ??= [];
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners?.indexOf(listener) ?? -1;
      if (at >= 0) this.#listeners?.splice(at, 1);
    };
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

const nothing = () => {};
