import { expect, test } from "bun:test";
import { redact } from "../../src/lib/log.ts";

const body = "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABC";

test.each(["mcpctl_pat_", "mcpctl_ses_"])("%s… is blotted out wherever it stands", (prefix) => {
  for (const before of ["", " ", '"', "local__", "x", "=", "%22"])
    expect(redact(`${before}${prefix}${body} and more`)).toBe(`${before}${prefix}… and more`);
});

test("its shown beginning, and words like it, stay", () => {
  for (const text of ["mcpctl_home_dir", "mcpctl token create", "mcpctl_pat_"]) expect(redact(text)).toBe(text);
});
