// Installs what is locked, builds the executable and runs every test. Ends with one line: `N passed, N failed`.
import { run } from "./run.ts";

run([process.execPath, "install", "--frozen-lockfile"]);
run([process.execPath, "scripts/build.ts"]);
// One more than there are processors: many tests wait for a process, a clock or a disk, and meanwhile another may run.
const workers = navigator.hardwareConcurrency + 1;
// Containers have a suite of their own: `bun run containers`.
const options = ["--path-ignore-patterns", "test/container/**", `--parallel=${workers}`, "--timeout", "20000"];
const tests = Bun.spawn([process.execPath, "test", ...options, ...process.argv.slice(2)], {
  stdout: "inherit",
  stderr: "pipe",
});
let report = "";
const decoder = new TextDecoder();
for await (const chunk of tests.stderr) {
  const text = decoder.decode(chunk, { stream: true });
  report += text;
  process.stderr.write(text);
}
const code = await tests.exited;
// Bun counts in words of its own; colours are taken off first.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour.
const plain = report.replace(/\u001b\[[0-9;]*m/g, "");
const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(plain)?.[1] ?? 0);
const skipped = count("skip");
if (skipped > 0) process.stdout.write(`${skipped} skipped: a program that they need is not on this machine\n`);
const failed = Math.max(count("fail"), code === 0 ? 0 : 1);
process.stdout.write(`${count("pass")} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
