import { Ending } from "../../lib/ending.ts";
import { type AnswerReader, asProblem } from "./http.ts";
import type { Asked, HttpClient } from "./http-client.ts";
import type { Answer, Asker } from "./http1/answer.ts";
import type { Fields } from "./http1/request.ts";
import type { Ear, Sending, Sent } from "./wire.ts";

/** How a wire over HTTP goes about its requests. */
export type Way = {
  readonly http: HttpClient;
  readonly reader: AnswerReader;
  ear: Ear;
  /** @throws Problem `unavailable` */
  fieldsOf: (sending: Sending) => Fields;
  /** Told of a request's answer before it is read. */
  began?: (answer: Answer, posting: Posting) => void;
  /** Reads one that cannot be read at once. @throws when there is none in it */
  read: (answer: Answer, posting: Posting) => Promise<void>;
};

/** Before anybody hears. */
export const nobody: Ear = { receive() {}, waits: () => false, failed() {}, paused() {}, ended() {} };

/** One request of a conversation over HTTP: on its way, its answer that is waited for, and its end. All in one, since each call has one. */
export class Posting extends Ending implements Asked, Asker, Sent {
  readonly method = "POST";
  readonly id: number;
  readonly body: string;
  readonly opens: boolean;
  /** Of the legacy era: the session that it belongs to. */
  readonly session: string | undefined;
  fields!: Fields;
  readonly #way: Way;

  /** @param opens nothing is under way before it is answered */
  constructor(way: Way, { id, text }: Sending, opens: boolean, session?: string) {
    super();
    this.#way = way;
    this.id = id;
    this.body = text;
    this.opens = opens;
    this.session = session;
  }

  get ending(): Ending {
    return this;
  }

  send(sending: Sending): this {
    try {
      this.fields = this.#way.fieldsOf(sending);
      this.#way.http.ask(this, this);
    } catch (error) {
      this.failed(error);
    }
    return this;
  }

  answered(answer: Answer): void {
    const { began, reader, ear } = this.#way;
    try {
      began?.(answer, this);
      if (!reader.readAtOnce(answer, this.id, ear)) void this.#readOn(answer);
    } catch (error) {
      this.failed(error);
    }
  }

  async #readOn(answer: Answer): Promise<void> {
    try {
      await this.#way.read(answer, this);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error: unknown): void {
    this.#way.ear.failed(this.id, asProblem(error, "the server's event stream broke off"));
  }

  letGo(): void {
    this.end();
  }
}
