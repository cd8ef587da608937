import { expect, test } from "bun:test";
import { createInput } from "../../src/instances/input.ts";

function taking(room: number) {
  const at = { room, got: "", ends: 0 };
  const taker = {
    write(bytes: Uint8Array) {
      const taken = Math.min(at.room, bytes.length);
      at.room -= taken;
      at.got += Buffer.from(bytes.subarray(0, taken)).toString();
      return taken;
    },
    end: () => void at.ends++,
  };
  return { at, taker };
}

test("once there is nobody nothing more is written, whatever was under way", async () => {
  const { at, taker } = taking(70_000);
  const input = createInput(() => taker);
  input.send(["a".repeat(600_000)]);
  await Bun.sleep(1);
  expect(at.got).toHaveLength(70_000);
  input.drop();
  at.room = 1_000_000;
  expect(() => input.send("b")).toThrow("the server's standard input is closed");
  input.drain();
  await Bun.sleep(1);
  expect(at.got).toHaveLength(70_000);
});

test("who goes while it is written to is written nothing more", async () => {
  const { at, taker } = taking(1_000_000);
  const input = createInput(() => ({
    ...taker,
    write(bytes: Uint8Array) {
      input.drop();
      return taker.write(bytes.subarray(0, 10));
    },
  }));
  input.send("a".repeat(600_000));
  await Bun.sleep(1);
  input.drain();
  expect(at.got).toHaveLength(10);
});
