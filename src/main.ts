import { version } from "../package.json";

const argv = process.argv.slice(2);
// The executable begins with most code not worth compiling (scripts/build.ts), for the start of `serve`, which takes it back once it has started.
if (argv[0] !== "serve") Bun.unsafe.setJITPolicy(1);
// console, because process.stdout costs as much as all the rest of this life.
// Five lives, told apart before anything heavy is loaded: the version, what a shell asks while somebody types, the wrapper that becomes a server,
// the runner of local code, the command line.
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) console.log(version);
else if (argv[0] === "__complete") {
  console.log(await (await import("./cli/completion/answer.ts")).answer(argv.slice(1)));
  // A request that was given up may not keep somebody waiting who types.
  process.exit(0);
} else if (argv[0] === "__child") (await import("./instances/child-entry.ts")).runChild(argv.slice(1));
else if (argv[0] === "__worker") await (await import("./instances/worker/entry.ts")).runWorker();
else {
  if (argv[0] === "serve") (await import("./instances/spacious.ts")).becomeSpacious(argv);
  const [{ run }, { processEnvironment }] = await Promise.all([import("./cli/run.ts"), import("./cli/environment.ts")]);
  const env = processEnvironment();
  process.exitCode = await run(argv, env);
  // The platform waits for ever for a keyring that says nothing.
  if (env.isHeld()) process.exit();
}
