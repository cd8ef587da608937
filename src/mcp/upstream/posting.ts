import { Ending } from "../../lib/ending.ts";
import { type Alarm, wheel } from "../../lib/wheel.ts";
import type { Text } from "../json-rpc.ts";
import { type AnswerReader, asProblem, type Hearer, isEventStream } from "./http.ts";
import type { Asking, HttpClient } from "./http-client.ts";
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
  /** The answer to be read, where its status may say that there is none in it. @throws what it says */
  judged: (answer: Answer, posting: Posting) => Promise<Answer>;
  /** Its stream is over and was not the end of it: it broke off, or there was no answer in it. @throws why it is not gone on with */
  goOn: (posting: Posting, failure: unknown) => Promise<void>;
};

/** Rests of a stream after the answer: read, so that the connection can serve again, but not for long. */
const restMs = 1_000;

/** What SSE waits for when no server said otherwise. */
export const retryMs = 1_000;

/** Before anybody hears. */
export const nobody: Ear = { receive: () => undefined, waits: () => false, failed() {}, paused() {}, ended() {} };

/** One request of a conversation over HTTP: on its way, its answer that is waited for, and its end. All in one, since each call has one. */
export class Posting extends Ending implements Asking, Asker, Hearer, Sent {
  readonly method = "POST";
  readonly id: number;
  readonly body: Text;
  readonly opens: boolean;
  /** Of the legacy era: the session that it belongs to. */
  readonly session: string | undefined;
  fields!: Fields;
  lastEventId: string | undefined;
  retryMs: number;
  readonly #way: Way;
  #stream: Answer | undefined;
  #rest: Alarm | undefined;
  #onOver: ((failure: unknown) => void) | undefined;

  /** @param opens nothing is under way before it is answered */
  constructor(way: Way, { id, text }: Sending, opens: boolean, session?: string) {
    super();
    this.#way = way;
    this.id = id;
    this.body = text;
    this.opens = opens;
    this.session = session;
    this.retryMs = retryMs;
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
      if (reader.readAtOnce(answer, this.id, ear)) return;
      if (answer.status === 200 && isEventStream(answer)) this.#listen(answer);
      else void this.#read(answer);
    } catch (error) {
      this.failed(error);
    }
  }

  async #read(first: Answer): Promise<void> {
    const { reader, ear } = this.#way;
    try {
      const answer = await this.#way.judged(first, this);
      if (isEventStream(answer)) this.#listen(answer);
      else await reader.readText(answer, this.id, ear);
    } catch (error) {
      this.failed(error);
    }
  }

  #listen(answer: Answer): void {
    this.#stream = answer;
    this.#way.reader.readStream(answer, this);
  }

  /** Hears another stream, on which it goes on. @throws when it breaks off */
  hear(answer: Answer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onOver = (failure) => (failure === undefined ? resolve() : reject(failure));
      this.#listen(answer);
    });
  }

  heard(data: string): Promise<void> | undefined {
    const reading = this.#way.ear.receive(data, this.id);
    if (reading !== undefined) return this.#heardAfter(reading);
    this.#restsSoon();
    return undefined;
  }

  async #heardAfter(reading: Promise<void>): Promise<void> {
    await reading;
    this.#restsSoon();
  }

  #restsSoon(): void {
    if (!this.#way.ear.waits(this.id)) this.#rest ??= wheel.after(restMs, this);
  }

  ring(): void {
    this.#stream?.letGo();
  }

  over(failure: unknown): void {
    this.#rest?.cancel();
    if (this.#onOver !== undefined) this.#onOver(failure);
    else if (failure !== undefined || this.#way.ear.waits(this.id)) void this.#goOn(failure);
  }

  async #goOn(failure: unknown): Promise<void> {
    try {
      await this.#way.goOn(this, failure);
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
