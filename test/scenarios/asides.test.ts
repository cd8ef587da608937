import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cells, cellsOfLegacyServers, everything, type Matrix, startMatrix, textOf } from "./matrix.ts";

/** What belongs to no call: a ping, a question that comes later, a page that was finished, roots that are others now. */
let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix();
});
afterAll(() => matrix.close());

describe.each(cells)("a %s client and a server over %s", (era, server) => {
  test("ping is answered here, and is unknown in the modern era", async () => {
    const before = matrix.modernWeb.sent("ping").length;
    const one = await matrix.cell(era, server).client();
    const { result, error } = await one.request("ping");
    expect([result, error?.code]).toEqual(era === "legacy" ? [{}, undefined] : [undefined, -32601]);
    expect(matrix.modernWeb.sent("ping")).toHaveLength(before);
  });
});

describe.each(cellsOfLegacyServers)("a %s client and a server over %s", (era, server) => {
  const cell = () => matrix.cell(era, server);

  test("a server that pings is answered", async () => {
    expect(textOf(await cell().call(await cell().client(), "ping"))).toEqual({});
  });

  test("a question outside of any call reaches who listens, and else the server is told", async () => {
    const one = await cell().client();
    await one.listen();
    const answers = async () => textOf(await cell().call(one, "seen")).afterwards as unknown[];
    const before = await answers();
    expect(textOf(await cell().call(one, "ask-afterwards"))).toBe("soon");
    // Meanwhile no call is under way that it could be taken for a question of.
    await Bun.sleep(150);
    const came = (await answers()).slice(before.length);
    one.close();
    expect([came, one.asked.length]).toEqual(
      era === "legacy"
        ? [[{ action: "accept", content: { name: "me" } }], 1]
        : [["No client listens that can be asked elicitation/create outside of a call"], 0],
    );
  });

  test("that a page is finished is told to the session that listens", async () => {
    const one = await cell().client();
    await one.listen();
    await cell().call(one, "complete", { id: `${era} ${server}` });
    await cell().call(one, "change");
    await matrix.w.until("what came after it is told", () =>
      one.heard.some(({ method }) => method === "notifications/tools/list_changed"),
    );
    one.close();
    const told = one.heard.filter(({ method }) => method === "notifications/elicitation/complete");
    expect(told.map(({ params }) => params)).toEqual(era === "legacy" ? [{ elicitationId: `${era} ${server}` }] : []);
  });

  test("that its roots changed is told to its own conversations, and to nobody else's", async () => {
    const roots = "notifications/roots/list_changed";
    const [one, rootless, silent] = await Promise.all([
      cell().client(),
      cell().client({ capabilities: { elicitation: everything.elicitation } }),
      cell().client({ capabilities: {} }),
    ]);
    const count = async (client: typeof one) =>
      (textOf(await cell().call(client, "seen")).methods as string[]).filter((method) => method === roots).length;
    const before = await Promise.all([one, rootless, silent].map(count));
    await rootless.tell(roots);
    await one.tell(roots);
    const told = (before[0] ?? 0) + (era === "legacy" ? 1 : 0);
    await matrix.w.until("it is told", async () => (await count(one)) === told);
    expect(await Promise.all([one, rootless, silent].map(count))).toEqual([told, 0, 0]);
  });
});
