import { Problem } from "./problem.ts";

/**
 * The age file format (age-encryption.org/v1): whoever has the standard `age` tool opens what we write, and we open what it wrote. Loaded when
 * used: its curves and ciphers are no part of a start.
 */
const library = () => import("age-encryption");

export type Bytes = AsyncIterable<Uint8Array>;
/** What opens a file: `AGE-SECRET-KEY-1…`, or the words it was locked with. */
export type Keys = { identities: readonly string[] } | { passphrase: string };
/** Whom a file is for. */
export type Lock = { recipients: readonly string[] } | { passphrase: string; workFactor?: number };

/** A pair made for one use. */
export async function newPair(): Promise<{ identity: string; recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await library();
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** @throws Problem `invalid` for what is no recipient */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  await encrypterFor({ recipients });
}

/** @throws Problem `invalid` for what is no recipient */
export async function* encrypted(plain: Bytes, lock: Lock): Bytes & AsyncGenerator<Uint8Array> {
  yield* await (await encrypterFor(lock)).encrypt(streamOf(plain));
}

/** @throws Problem `invalid` when it is no age file, when these keys do not open it, and as soon as it is seen to be changed or cut short */
export async function* decrypted(file: Bytes, keys: Keys): Bytes & AsyncGenerator<Uint8Array> {
  const decrypter = await decrypterFor(keys);
  const whole = streamOf(withHeader(file));
  let plain: ReadableStream<Uint8Array>;
  try {
    plain = await decrypter.decrypt(whole);
  } catch (error) {
    throw error instanceof Problem ? error : unopened(keys, error);
  }
  try {
    yield* plain;
  } catch (error) {
    throw error instanceof Problem ? error : changed(error);
  }
}

/** Small texts, armoured: lines of ASCII between BEGIN and END. @throws Problem `invalid` */
export async function encryptedText(plain: string, recipients: readonly string[]): Promise<string> {
  const { armor } = await library();
  return armor.encode(await (await encrypterFor({ recipients })).encrypt(plain));
}

/** @throws Problem `invalid` */
export async function decryptedText(armoured: string, keys: Keys): Promise<string> {
  const { armor } = await library();
  let bytes: Uint8Array;
  try {
    bytes = armor.decode(armoured);
  } catch (error) {
    throw notAge(error);
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of decrypted(once(bytes), keys)) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

async function encrypterFor(lock: Lock) {
  const { Encrypter } = await library();
  const encrypter = new Encrypter();
  try {
    if ("passphrase" in lock) {
      encrypter.setPassphrase(lock.passphrase);
      if (lock.workFactor !== undefined) encrypter.setScryptWorkFactor(lock.workFactor);
    }
    for (const recipient of "recipients" in lock ? lock.recipients : []) encrypter.addRecipient(recipient);
    return encrypter;
  } catch (error) {
    throw new Problem("invalid", "there is no such age recipient: one begins with age1", {
      hint: "age-keygen -o key.txt makes a pair and prints its recipient",
      cause: error,
    });
  }
}

async function decrypterFor(keys: Keys) {
  const { Decrypter } = await library();
  const decrypter = new Decrypter();
  try {
    if ("passphrase" in keys) decrypter.addPassphrase(keys.passphrase);
    else for (const identity of keys.identities) decrypter.addIdentity(identity);
    return decrypter;
  } catch (error) {
    throw new Problem("invalid", "there is no such age identity: one begins with AGE-SECRET-KEY-1", {
      hint: "give the file that age-keygen wrote",
      cause: error,
    });
  }
}

const magic = "age-encryption.org/v1\n";
const longestHeader = 64 * 1024;

/** The library reads lines until it finds the end of the header, which something else of any size may never have. */
async function* withHeader(file: Bytes): Bytes & AsyncGenerator<Uint8Array> {
  const pieces = file[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (!head.includes("\n--- ")) {
    const { done, value } = await pieces.next();
    if (done) break;
    head = Buffer.concat([head, value]);
    if (head.length > longestHeader) break;
    if (!head.subarray(0, magic.length).equals(Buffer.from(magic).subarray(0, head.length))) throw notAge(undefined);
  }
  if (!head.subarray(0, longestHeader).includes("\n--- ")) throw notAge(undefined);
  yield head;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
}

export const isAge = (beginning: string): boolean => beginning.startsWith(magic);

/** Whether a file that begins so is opened by a passphrase. */
export const isByPassphrase = (beginning: string): boolean => beginning.startsWith(`${magic}-> scrypt `);

async function* once(bytes: Uint8Array): Bytes & AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Only what is asked for is made. */
export function streamOf(bytes: Bytes): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** For what is no age file, or none of ours. */
export const notAge = (cause?: unknown): Problem =>
  new Problem("invalid", "this is no file that mcpctl backup or age wrote", {
    hint: "mcpctl backup -o FILE makes one",
    cause,
  });

function unopened(keys: Keys, cause: unknown): Problem {
  if (!(cause instanceof Error) || !/no identity matched|incorrect|passphrase|HMAC/i.test(cause.message))
    return changed(cause);
  return "passphrase" in keys
    ? new Problem("invalid", "the passphrase is not the one this file was locked with", { cause })
    : new Problem("invalid", "none of these identities opens this file", {
        hint: "--identity-file FILE names the one whose recipient it was made for",
        cause,
      });
}

const changed = (cause: unknown) =>
  new Problem("invalid", "the file is damaged: it was changed or cut short, and nothing of it is used", {
    hint: "take another copy of it",
    cause,
  });
