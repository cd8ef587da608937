// An OAuth issuer with real keys, in this process, on a free port: its metadata, its public keys, and whatever token a test asks it to sign.

export type Kind = "RS256" | "PS256" | "ES256" | "EdDSA";
type Key = { kid: string; alg: Kind; pair: CryptoKeyPair; jwk: JsonWebKey };

const rsa = (name: string) => ({
  name,
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
});
const made = {
  RS256: rsa("RSASSA-PKCS1-v1_5"),
  PS256: rsa("RSA-PSS"),
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
} as const;
const signing = {
  RS256: { name: "RSASSA-PKCS1-v1_5" },
  PS256: { name: "RSA-PSS", saltLength: 32 },
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
} as const;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

export async function startIssuer() {
  const keys: Key[] = [];
  const asked: string[] = [];
  const behaviour = {
    /** What the metadata and the keys are answered with, when it is not what is right. */
    metadata: undefined as object | undefined,
    keys: undefined as (() => Response | Promise<Response>) | undefined,
  };
  const server: Bun.Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request): Promise<Response> {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      if (pathname === "/realm/.well-known/openid-configuration")
        return Response.json(behaviour.metadata ?? { issuer, jwks_uri: `${server.url.origin}/realm/keys` });
      if (pathname === "/realm/keys")
        return (await behaviour.keys?.()) ?? Response.json({ keys: keys.map(({ jwk }) => jwk) });
      if (pathname === "/realm/moved") return Response.json({ keys: keys.map(({ jwk }) => jwk) });
      return new Response("no", { status: 404 });
    },
  });
  const issuer: string = `${server.url.origin}/realm`;

  async function addKey(kid: string, alg: Kind): Promise<Key> {
    const pair = (await crypto.subtle.generateKey(made[alg], true, ["sign", "verify"])) as CryptoKeyPair;
    const jwk = {
      ...(await crypto.subtle.exportKey("jwk", pair.publicKey)),
      kid,
      alg,
      use: "sig",
      key_ops: ["verify"],
    };
    const key = { kid, alg, pair, jwk };
    keys.push(key);
    return key;
  }

  /** Signed by the last key, as an access token for alice that is good for five minutes, unless it is told otherwise. */
  async function sign(claims: object = {}, header: object = {}, key = keys.at(-1)): Promise<string> {
    if (key === undefined) throw new Error("the issuer has no key");
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: issuer, aud: "mcpctl", email: "alice@example.com", iat: now, exp: now + 300 };
    const signed = `${part({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header })}.${part({ ...standard, ...claims })}`;
    const signature = await crypto.subtle.sign(signing[key.alg], key.pair.privateKey, Buffer.from(signed));
    return `${signed}.${Buffer.from(signature).toString("base64url")}`;
  }

  return { issuer, keys, asked, behaviour, addKey, sign, url: server.url.origin, stop: () => server.stop(true) };
}
