import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadMasterKey, masterKey } from "../../src/secrets/master-key.ts";
import { createVault } from "../../src/secrets/vault.ts";

const data = { token: "s3cret-canary", other: "ünïcode" };
const vault = createVault(masterKey(randomBytes(32)));
const folder = () => mkdtempSync(join(tmpdir(), "mcpctl-key-"));

test("what was sealed opens again, and the row shows none of it", () => {
  const sealed = vault.seal("id", 1, data);
  expect(vault.open(sealed, 1)).toEqual(data);
  expect(Buffer.from(sealed.ciphertext, "hex").toString("latin1")).not.toContain("canary");
  expect(vault.seal("id", 1, data).ciphertext).not.toBe(sealed.ciphertext);
});

test("a changed byte, another secret's row and an older version are all refused", () => {
  const sealed = vault.seal("id", 2, data);
  const flip = (hex: string, at: number) => hex.slice(0, at) + (hex[at] === "0" ? "1" : "0") + hex.slice(at + 1);
  for (const field of ["ciphertext", "wrappedKey"] as const) {
    for (let at = 0; at < sealed[field].length; at += 7) {
      expect(() => vault.open({ ...sealed, [field]: flip(sealed[field], at) }, 2)).toThrow("does not open");
    }
  }
  expect(() => vault.open({ ...sealed, secretId: "another" }, 2)).toThrow("does not open");
  expect(() => vault.open(vault.seal("id", 1, data), 2)).toThrow("does not open");
  expect(() => vault.open({ ...sealed, ciphertext: "" }, 2)).toThrow("does not open");
});

test("another master key is told by its id before anything is tried", () => {
  expect(() => createVault(masterKey(randomBytes(32))).open(vault.seal("id", 1, data), 1)).toThrow(
    "another master key",
  );
});

test("a new database gets a key file for its owner alone, and the same key at the next start", () => {
  const dataDir = folder();
  const first = loadMasterKey({ dataDir }, undefined);
  expect(statSync(join(dataDir, "master.key")).mode & 0o777).toBe(0o600);
  expect(loadMasterKey({ dataDir }, first.id).id).toBe(first.id);
});

test("a missing, wrong, public or malformed key refuses to start and changes nothing", () => {
  const dataDir = folder();
  expect(() => loadMasterKey({ dataDir }, "abc")).toThrow("is missing");
  expect(() => statSync(join(dataDir, "master.key"))).toThrow();
  const key = loadMasterKey({ dataDir }, undefined);
  const before = readFileSync(join(dataDir, "master.key"), "utf8");
  expect(() => loadMasterKey({ dataDir }, "0123456789abcdef")).toThrow("is not the one");
  expect(readFileSync(join(dataDir, "master.key"), "utf8")).toBe(before);
  chmodSync(join(dataDir, "master.key"), 0o644);
  expect(() => loadMasterKey({ dataDir }, key.id)).toThrow("can be read by other users");
  const keyFile = join(dataDir, "short");
  writeFileSync(keyFile, "abcd", { mode: 0o600 });
  expect(() => loadMasterKey({ dataDir, keyFile }, undefined)).toThrow("not 32 bytes");
  expect(() => loadMasterKey({ dataDir, keyFile: "/nowhere" }, undefined)).toThrow("cannot be read");
});

test("a systemd credential comes before a key file, and a key file before our own", () => {
  const dataDir = folder();
  const credentialsDir = folder();
  const keyFile = join(dataDir, "given");
  writeFileSync(keyFile, randomBytes(32).toString("base64"), { mode: 0o600 });
  writeFileSync(join(credentialsDir, "mcpctl-master"), randomBytes(32).toString("hex"), { mode: 0o600 });
  const ids = [{ dataDir }, { dataDir, keyFile }, { dataDir, keyFile, credentialsDir }].map(
    (places) => loadMasterKey(places, undefined).id,
  );
  expect(new Set(ids).size).toBe(3);
});
