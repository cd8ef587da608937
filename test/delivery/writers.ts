import type { Dice } from "../rbac/properties/settings.ts";
import type { Change, Ledger } from "./ledger.ts";
import type { Answer, RealServe } from "./real-serve.ts";

type Gateway = Pick<RealServe, "api">;
type Writer = {
  ledger: Ledger;
  gateway: Gateway;
  dice: Dice;
  signal: AbortSignal;
  refused: (what: string, answer: Answer) => void;
};

/** What is written to in every test: the project that tokens are of. */
export const base = { kind: "project", name: "base", servers: [] };
const names = ["a", "b", "c"];
/** Nobody listens there: what matters is that it is written down. */
const nowhere = "http://127.0.0.1:9/mcp";

let stamps = 0;
const fieldsOf: Record<string, (stamp: string) => object> = {
  secrets: (stamp) => ({ description: stamp, data: { value: stamp } }),
  projects: (stamp) => ({ description: stamp, servers: [] }),
  servers: (stamp) => ({ description: stamp, url: nowhere }),
};

/** Create, change, delete, round and round, of each kind, several documents at once, tokens: until the signal, or until there is no answer. */
export async function writeAll(writer: Omit<Writer, "dice">, diceOfWriter: (n: number) => Dice): Promise<void> {
  const writers = [...Object.keys(fieldsOf).map((plural) => oneKind(plural)), pairs, tokens];
  // One that has no answer ends: the server was killed, and what it had done is seen when it is there again.
  await Promise.allSettled(writers.map((write, n) => untilOver(write, { ...writer, dice: diceOfWriter(n) })));
}

async function untilOver(write: (writer: Writer) => Promise<unknown>, writer: Writer): Promise<void> {
  while (!writer.signal.aborted) await write(writer);
}

const oneKind =
  (plural: string) =>
  async (writer: Writer): Promise<unknown> => {
    const { ledger, dice } = writer;
    const name = `${plural}-${dice.pick(names)}`;
    const key = `${plural}/${name}`;
    const isThere = ledger.known(key) !== undefined;
    if (isThere && dice.once(3))
      return await written(writer, [{ key, action: "delete", value: undefined }], "DELETE", `/api/v1/${key}`);
    const stamp = `stamp ${++stamps}`;
    const body = { name, ...fieldsOf[plural]?.(stamp) };
    const [action, method, path] = isThere ? ["update", "PUT", key] : ["create", "POST", plural];
    return await written(
      writer,
      [{ key, action: String(action), value: stamp }],
      String(method),
      `/api/v1/${path}`,
      body,
    );
  };

/** A secret and a project in one request: they are of one stamp or something was done by halves. */
async function pairs(writer: Writer): Promise<void> {
  const stamp = `stamp ${++stamps}`;
  const keys = ["secrets/pair", "projects/pair"];
  const changes = keys.map((key): Change => {
    const action = writer.ledger.known(key) === undefined ? "create" : "update";
    return { key, action, value: stamp };
  });
  const documents = [
    { kind: "secret", name: "pair", ...fieldsOf["secrets"]?.(stamp) },
    { kind: "project", name: "pair", ...fieldsOf["projects"]?.(stamp) },
  ];
  await written(writer, changes, "POST", "/api/v1/apply", { documents });
}

/** A token's whole life. A name is used once: of a token that was minted without an answer nobody knows the bearer. */
async function tokens(writer: Writer): Promise<void> {
  const name = `t${++stamps}`;
  const key = `mcptokens/${name}`;
  const mint = { name, project: base.name };
  const minted: Change = { key, action: "create", value: "active" };
  if (!(await written(writer, [minted], "POST", "/api/v1/mcptokens", mint))) return;
  const path = `/api/v1/${key}`;
  const revoked: Change = { key, action: "revoke", value: "revoked" };
  const isRevoked = await written(writer, [revoked], "POST", `${path}/revoke?project=${base.name}`, {});
  if (!isRevoked || writer.dice.once(8)) return;
  await written(writer, [{ key, action: "delete", value: undefined }], "DELETE", `${path}?project=${base.name}`);
}

async function written(writer: Writer, changes: Change[], method: string, path: string, body?: object) {
  return await writer.ledger.write(changes, async () => {
    const answer = await writer.gateway.api(method, path, body);
    if (answer.status >= 300) writer.refused(`${method} ${path}`, answer);
    return answer.status < 300;
  });
}

/** All that is there of what is written: what can be read back of each. @throws when that is refused */
export async function readAll({ api }: Gateway): Promise<Map<string, string>> {
  const there = new Map<string, string>();
  for (const plural of [...Object.keys(fieldsOf), "mcptokens"]) {
    const { status, json } = await api("GET", `/api/v1/${plural}`);
    if (status !== 200) throw new Error(`${plural} cannot be read: ${status} ${JSON.stringify(json)}`);
    for (const { name, description, state } of json.items)
      there.set(`${plural}/${name}`, plural === "mcptokens" ? state : description);
  }
  return there;
}
