import { expect, test } from "bun:test";
import { once } from "../../src/lib/once.ts";

test("it is made when it is first asked for, and never again", () => {
  let made = 0;
  const thing = once(() => void made++);
  expect(made).toBe(0);
  thing();
  thing();
  expect(made).toBe(1);
});
