// Prepares dist/image, the whole file system of the container image: the executable, the libraries that it is linked to, certificates.
// `bun scripts/image.ts FOLDER` prepares it elsewhere.
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = process.argv[2] ?? "dist/image";
const executable = "dist/mcpctl";
if (!existsSync(executable)) {
  process.stderr.write(`error: ${executable} is missing; run: bun run build\n`);
  process.exit(1);
}

rmSync(root, { recursive: true, force: true });
put(executable, "/usr/bin/mcpctl");
for (const library of linkedLibraries()) put(realpathSync(library), library);
// Packages resolve the registry's name through the C library's own modules, and trust what Debian trusts.
for (const extra of ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"]) {
  const path = [`/lib/${triplet()}/${extra}`, `/lib64/${extra}`].find((candidate) => existsSync(candidate));
  if (path !== undefined) put(realpathSync(path), path);
}
if (existsSync("/etc/ssl/certs/ca-certificates.crt"))
  put("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt");
write("/etc/passwd", "mcpctl:x:65532:65532::/data:/nonexistent\n");
write("/etc/group", "mcpctl:x:65532:\n");
write("/etc/nsswitch.conf", "hosts: files dns\n");
// What a new volume begins with: nothing, owned by the user that mcpctl runs as.
mkdirSync("dist/volume/.mcpctl", { recursive: true });
mkdirSync(join(root, "tmp"), { recursive: true });

function linkedLibraries(): string[] {
  const { stdout } = Bun.spawnSync(["ldd", executable]);
  return [...stdout.toString().matchAll(/(\/\S+\.so[.\d]*) \(0x/g)].flatMap(([, path]) =>
    path === undefined ? [] : [path],
  );
}

function triplet(): string {
  return process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}

function put(from: string, to: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  cpSync(from, join(root, to), { dereference: true });
}

function write(to: string, text: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  writeFileSync(join(root, to), text);
}
