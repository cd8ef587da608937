/** Runs a command to its end with its output shown; ends this program when it fails. */
export function run(command: string[], quiet = false): void {
  const { exitCode } = Bun.spawnSync(command, { stdout: quiet ? "ignore" : "inherit", stderr: "inherit" });
  if (exitCode === 0) return;
  process.stderr.write(`error: ${command.join(" ")} ended with ${exitCode}\n`);
  process.exit(1);
}
