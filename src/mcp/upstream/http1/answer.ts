import type { FieldName } from "./head.ts";

/**
 * An answer over HTTP whose head has come. Its body is read by one of `text` and `read`, or let go of: what nobody reads holds a connection up.
 */
export type Answer = {
  readonly status: number;
  header: (name: FieldName) => string | undefined;
  /** The body, where all of it has come with the head and is no longer than that; otherwise nothing is read. */
  atOnce?: (maxBytes: number) => string | undefined;
  /** The whole body; undefined when it is longer, and the rest is not read. What is compressed counts as what it becomes. @throws when it breaks off */
  text: (maxBytes: number) => Promise<string | undefined>;
  /** The same in pieces, where it comes so: a long one is not put together. */
  pieces?: (maxBytes: number) => Promise<readonly string[] | undefined>;
  /** Hands on the body as it comes. */
  read: (reader: Reader) => void;
  /** Nobody reads the rest. */
  letGo: () => void;
};

/** Whoever asked is told once, and may be told while it asks still: of the answer as soon as its head has come, or why there is none. Neither throws. */
export type Asker = { answered: (answer: Answer) => void; failed: (why: unknown) => void };

/** The same as a promise. */
export const answerTo = (ask: (asker: Asker) => void): Promise<Answer> =>
  new Promise((answered, failed) => ask({ answered, failed }));

/** Tells whoever asked of what comes later. */
export const tell = (later: Promise<Answer>, asker: Asker): void =>
  void later.then(
    (answer) => asker.answered(answer),
    (why: unknown) => asker.failed(why),
  );

/** Who takes a body, chunk by chunk: nothing more is read while it has somebody wait. What it throws ends the body. */
export type Reader = {
  take: (bytes: Buffer) => Promise<void> | undefined;
  /** It is whole, or broke off, for some reason. */
  over: (failure: unknown) => void;
};

export type Receive = Reader["take"];

/** Reads a body to its end. @throws when it breaks off */
export const each = (answer: Answer, take: Receive): Promise<void> =>
  new Promise((resolve, reject) =>
    answer.read({ take, over: (failure) => (failure === undefined ? resolve() : reject(failure)) }),
  );

/** The same the other way round, for a body that is read by waiting for it. */
export const readBy =
  (all: (receive: Receive) => Promise<void>) =>
  (reader: Reader): void =>
    void all((bytes) => reader.take(bytes)).then(
      () => reader.over(undefined),
      (why: unknown) => reader.over(why ?? new Error("the answer broke off")),
    );

/** What a body can ask of the connection that it comes over. */
export type Flow = { hold: (isPaused: boolean) => void; unwanted: () => void };

/** The same answer, whose body was read and can be read again. */
export const readAlready = (answer: Answer, text: string): Answer => ({
  status: answer.status,
  header: (name) => answer.header(name),
  text: async () => text,
  read: readBy(async (receive) => void (await receive(Buffer.from(text)))),
  letGo: () => {},
});
