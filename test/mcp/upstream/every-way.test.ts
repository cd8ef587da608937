import { describe, expect, test } from "bun:test";
import { Ending } from "../../../src/lib/ending.ts";
import { allWays, call, peerOf, until, ways } from "./ways.ts";

describe.each(allWays)("%s", (name, open) => {
  const isModern = name.includes("modern");

  test("introduces itself", async () => {
    const { upstream, close } = await open();
    expect(upstream.era).toBe(isModern ? "modern" : "legacy");
    expect(upstream.capabilities["logging"]).toEqual({});
    if (!isModern) expect(upstream.instructions).toBe("be kind");
    close();
  });

  test("two peers with the same token hear of their own progress only, by that token again", async () => {
    const { upstream, close } = await open();
    const peers = [
      peerOf("User:a"),
      peerOf("User:b", { progressToken: "0" }),
      peerOf("User:c", { progressToken: '"x"' }),
    ];
    const tokens = await Promise.all(
      peers.map((peer) => call(upstream, "progress", { steps: 3, ms: 5, mark: peer.subject }, { peer })),
    );
    expect(new Set(tokens).size).toBe(3);
    for (const { heard, subject, progressToken } of peers) {
      expect(heard.map(([, { message }]) => message)).toEqual([subject, subject, subject]);
      expect(heard[0]?.[1]?.["progressToken"]).toEqual(JSON.parse(progressToken ?? ""));
    }
    close();
  });

  test("a peer that wants no progress asks for none", async () => {
    const { upstream, close } = await open();
    expect(await call(upstream, "progress", {}, { peer: peerOf("User:a", { progressToken: undefined }) })).toBe(
      "token undefined",
    );
    close();
  });

  test.each(["form", "page", "sample", "roots"])("the server asks (%s) and gets the client's answer", async (what) => {
    const { upstream, close } = await open();
    const peer = peerOf("User:a");
    const answer = await call(upstream, "ask", { for: what }, { peer });
    expect(answer).toEqual({ action: "accept", content: { from: "User:a" } });
    const [method, params] = peer.asked[0] ?? ["", {}];
    expect(method).toBe(
      { form: "elicitation/create", page: "elicitation/create", sample: "sampling/createMessage", roots: "roots/list" }[
        what
      ] ?? "",
    );
    expect(JSON.stringify(params)).not.toContain("progressToken");
    if (what === "page" && isModern) expect(params["elicitationId"]).toBeString();
    close();
  });

  test("an ask that the client refuses ends the question, not the conversation", async () => {
    const { upstream, close } = await open();
    const peer = peerOf("User:a", { ask: async () => ({ error: '{"code":-1,"message":"no"}' }) });
    const refused = await call(upstream, "ask", {}, { peer }).catch((error: Error) => error.message);
    expect(refused).toEqual(isModern ? '{"code":-1,"message":"no"}' : { refused: true, why: "no" });
    expect(await call(upstream, "wait", { ms: 0 })).toBe("waited");
    close();
  });

  test("the time stands still while the client thinks", async () => {
    const { upstream, close } = await open();
    const peer = peerOf("User:a", {
      ask: async () => {
        await Bun.sleep(500);
        return { result: '"thought"' };
      },
    });
    expect(await call(upstream, "ask", {}, { peer, timeoutMs: 400 })).toBe("thought");
    close();
  });

  test("progress begins the time anew", async () => {
    const { upstream, close } = await open();
    const peer = peerOf("User:a");
    expect(await call(upstream, "progress", { steps: 6, ms: 100 }, { peer, timeoutMs: 500 })).toStartWith("token");
    await expect(call(upstream, "wait", { ms: 400 }, { peer, timeoutMs: 100 })).rejects.toThrow(
      "no answer within 0.1 s",
    );
    await Bun.sleep(150);
    close();
  });

  test("a call that is given up is taken back in the way of its wire", async () => {
    const { upstream, close } = await open();
    const leaving = new Ending();
    const waiting = call(upstream, "wait", { ms: 60_000 }, { ending: leaving });
    setTimeout(() => leaving.end(), 50);
    await expect(waiting).rejects.toThrow("the caller went away");
    // HTTP of the modern era has no such message: there the stream is closed, which http.test.ts looks at.
    if (name !== "HTTP, modern")
      await until("it was told", async () => (await call(upstream, "seen", {})).cancelled.length === 1);
    close();
  });

  test("log messages reach the one who wants them, from its level on", async () => {
    const { upstream, close } = await open();
    const peer = peerOf("User:a", { logLevel: "warning" });
    // Over stdio and SSE it might be about another caller's call, if there were one (attribution.ts).
    const deaf = peerOf("User:a");
    await Promise.all([
      call(upstream, "log", { mark: "m", ms: 20 }, { peer }),
      call(upstream, "wait", { ms: 10 }, { peer: deaf }),
    ]);
    expect(peer.heard.map(([, { level }]) => level)).toEqual(["warning"]);
    expect(deaf.heard).toEqual([]);
    close();
  });

  test("a changed list is told, without the words of the hop", async () => {
    const told: [string, string][] = [];
    const { upstream, close } = await open({ onNotification: (method, params) => void told.push([method, params]) });
    await until("it is told", async () => {
      await call(upstream, "change", {});
      await Bun.sleep(20);
      return told.length > 0;
    });
    expect(told[0]).toEqual(["notifications/tools/list_changed", "{}"]);
    close();
  });

  test("what is followed is told, what no longer is is not", async () => {
    const told: string[] = [];
    const { upstream, close } = await open({
      onNotification: (method, params) => {
        if (method.endsWith("updated")) told.push((JSON.parse(params) as { uri: string }).uri);
      },
    });
    await upstream.follow({ resources: ["a:1", "a:2"], tasks: [] });
    expect((await call(upstream, "seen", {})).followed).toEqual(["a:1", "a:2"]);
    await call(upstream, "touch", { uri: "a:1" });
    await until("it is told", () => told.includes("a:1"));
    await upstream.follow({ resources: ["a:2", "a:3"], tasks: [] });
    const { followed } = await call(upstream, "seen", {});
    expect(followed).toContain("a:3");
    if (!isModern) expect(followed).not.toContain("a:1");
    close();
  });
});

test("on a wire that all share, a log message that might be another caller's is heard by nobody", async () => {
  const { upstream, close } = await (ways["stdio, modern"] as NonNullable<(typeof ways)[string]>)();
  const peers = [peerOf("User:a", { logLevel: "debug" }), peerOf("User:b", { logLevel: "debug" })];
  await Promise.all(peers.map((peer) => call(upstream, "log", { mark: peer.subject, ms: 50 }, { peer })));
  expect(peers.flatMap(({ heard }) => heard)).toEqual([]);
  close();
});
