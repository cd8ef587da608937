import { expect, test } from "bun:test";
import { findings } from "./findings.ts";

const value = 'c4n4ry+/"q\\zÿ~~~???';
const around = ["", "a", "ab", "abc", "abcd"];
const bytes = Buffer.from(value);
const planted: [string, (before: string) => string | Buffer][] = [
  ["raw", (before) => `${before}${value}`],
  ["base64", (before) => Buffer.from(`${before}${value}tail`).toString("base64")],
  ["base64url", (before) => Buffer.from(`${before}${value}tail`).toString("base64url")],
  ["hex", () => bytes.toString("hex")],
  ["HEX", () => bytes.toString("hex").toUpperCase()],
  ["percent", () => encodeURIComponent(value)],
  ["percent", () => [...bytes].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("")],
  ["JSON", () => JSON.stringify({ value })],
  ["JSON", () => [...Buffer.from("plain")].map((b) => `\\u${b.toString(16).padStart(4, "0")}`).join("")],
  ["UTF-16LE", () => Buffer.from(value, "utf16le")],
];

test.each(planted)("%s is found, wherever it begins", (form, plant) => {
  for (const before of around) {
    const found = findings(plant(before), form === "JSON" && plant("").includes("\\u") ? "plain" : value);
    expect([before, found.some((name) => name.startsWith(form))]).toEqual([before, true]);
  }
});

test("what is not there is not found", () => {
  expect(findings(`${value.slice(1)} ${bytes.toString("hex").slice(2)}`, value)).toEqual([]);
});
