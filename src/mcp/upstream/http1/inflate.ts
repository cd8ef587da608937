import type { Gunzip } from "node:zlib";
import { type Answer, each, type Receive, readBy } from "./answer.ts";

// Asked for only then: loading it takes a fifth of the start of an empty program.
const zlib = () => process.getBuiltinModule("node:zlib");

const inflaters: Readonly<Record<string, () => Gunzip>> = {
  gzip: () => zlib().createGunzip(),
  "x-gzip": () => zlib().createGunzip(),
  deflate: () => zlib().createInflate(),
  br: () => zlib().createBrotliDecompress(),
};

/** We ask for none of it, but servers and what stands before them compress all the same. */
export function inflated(answer: Answer): Answer {
  const coding = answer.header("content-encoding")?.toLowerCase() ?? "identity";
  if (coding === "identity" || coding === "") return answer;
  const make = inflaters[coding];
  const all = (receive: Receive) =>
    make === undefined ? Promise.reject(unknown(answer)) : eachInflated(answer, make(), receive);
  return {
    status: answer.status,
    header: (name) => answer.header(name),
    letGo: () => answer.letGo(),
    read: readBy(all),
    async text(maxBytes) {
      const parts: Buffer[] = [];
      let size = 0;
      const isBeyond = () => size > maxBytes;
      await all((bytes) => {
        size += bytes.length;
        if (isBeyond()) answer.letGo();
        else parts.push(bytes);
        return undefined;
      }).catch((error: unknown) => {
        if (!isBeyond()) throw error;
      });
      return isBeyond() ? undefined : Buffer.concat(parts).toString();
    },
  };
}

/** Of little that becomes much no more is inflated than its reader takes. */
async function eachInflated(answer: Answer, inflater: Gunzip, receive: Receive) {
  const feeding = each(answer, (bytes) => (inflater.write(bytes) ? undefined : drained(inflater))).then(
    () => void inflater.end(),
    (error: Error) => void inflater.destroy(error),
  );
  try {
    for await (const bytes of inflater) await receive(bytes as Buffer);
    await feeding;
  } finally {
    inflater.destroy();
    answer.letGo();
  }
}

const drained = (inflater: Gunzip): Promise<void> =>
  new Promise((resolve) => {
    inflater.once("drain", resolve);
    inflater.once("close", resolve);
  });

function unknown(answer: Answer): Error {
  answer.letGo();
  return new Error("its answer is compressed in a way that is not known here");
}
