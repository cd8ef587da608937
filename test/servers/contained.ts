// The program of the image that container tests run: stdio-server.ts and its flags, or with `--http PORT` http-server.ts on all addresses. One tool
// more than elsewhere, `run`, tells what the inside looks like.
import { startHttpServer } from "./http-server.ts";
import { tools } from "./tools.ts";

tools.push({ name: "run", description: "Runs JavaScript", inputSchema: { type: "object", properties: {} } });

const at = process.argv.indexOf("--http");
if (at < 0) await import("./stdio-server.ts");
else {
  startHttpServer({ name: "contained", hostname: "0.0.0.0", port: Number(process.argv[at + 1]) });
  process.stdout.write("it serves\n");
}
