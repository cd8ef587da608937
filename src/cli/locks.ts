import { isAge, isByPassphrase, type Keys, notAge } from "../lib/age.ts";
import { Problem } from "../lib/problem.ts";
import type { Env } from "./environment.ts";
import { typed } from "./typed.ts";
import type { Args } from "./verb.ts";

/** The shortest passphrase that is taken: everything is behind it, and whoever has the file can try for ever. */
const shortest = 12;

/** A passphrase for a new file: from a file, or typed twice. @throws Problem `invalid` */
export async function newPassphrase(args: Args, env: Env): Promise<string> {
  const passphrase = await passphraseFrom(args, env, async (ask) => {
    const first = await ask("Passphrase for the backup: ");
    if ((await ask("The same again: ")) === first) return first;
    throw new Problem("invalid", "the passphrase was typed in two ways; nothing was written", {
      hint: "mcpctl backup",
    });
  });
  if (passphrase.length >= shortest) return passphrase;
  throw new Problem("invalid", `the passphrase has fewer than ${shortest} characters: all secrets are behind it`, {
    hint: "take five words that nobody would put together",
  });
}

/** What opens a file that begins so. @throws Problem `invalid` */
export async function keysFor(beginning: string, args: Args, env: Env): Promise<Keys> {
  if (!isAge(beginning)) throw notAge();
  if (isByPassphrase(beginning))
    return { passphrase: await passphraseFrom(args, env, (ask) => ask("Passphrase of the backup: ")) };
  return { identities: await identitiesFrom(args, env) };
}

/** @throws Problem `invalid` when none is named */
export async function identitiesFrom(args: Args, env: Env): Promise<string[]> {
  const file = args.flag("identity-file");
  if (file === undefined)
    throw new Problem("invalid", "it was made for an age recipient: the identity that opens it is needed", {
      hint: "--identity-file key.txt, as age-keygen wrote it",
    });
  const lines = (await readFile(file, env)).split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (identities.length > 0) return identities;
  throw new Problem("invalid", `there is no identity in ${file}`, { hint: "age-keygen -o key.txt makes one" });
}

async function passphraseFrom(
  args: Args,
  env: Env,
  asked: (ask: (question: string) => Promise<string>) => Promise<string>,
): Promise<string> {
  const file = args.flag("passphrase-file");
  if (file === undefined) return await asked((question) => typed(question, "give --passphrase-file FILE", env, true));
  const [first = ""] = (await readFile(file, env)).split(/\r?\n/);
  if (first !== "") return first;
  throw new Problem("invalid", `the first line of ${file} is empty`, { hint: "it is the passphrase" });
}

async function readFile(path: string, env: Env): Promise<string> {
  try {
    return await env.readFile(path);
  } catch (error) {
    throw new Problem("invalid", `${path} cannot be read`, {
      hint: "check its name and its permissions",
      cause: error,
    });
  }
}
