// Compiles each module of native/ into dist/native, where there is a C compiler and the system is one that it is for. Nothing
// needs them: without them pieces are hashed one after the other, by node:crypto, in memory of small pages.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'native');
const built = path.join(root, 'dist', 'native');
const include = path.join(root, 'node_modules', 'node-api-headers', 'include');

/** The modules, and the systems that each is for. */
const MODULES = [
  { name: 'sha1-lanes', platforms: ['linux', 'darwin'], architectures: ['x64'] },
  { name: 'huge-pages', platforms: ['linux'], architectures: ['x64', 'arm64'] },
];

/** Makes what is missing or stale. A compiler that is absent or fails is no error, and said if `tells`. */
export function native(tells) {
  const sources = readdirSync(folder).map((file) => statSync(path.join(folder, file)).mtimeMs);
  for (const { name, platforms, architectures } of MODULES) {
    if (!platforms.includes(process.platform) || !architectures.includes(process.arch)) continue;
    const target = path.join(built, `${name}.node`);
    if (existsSync(target) && sources.every((changed) => statSync(target).mtimeMs >= changed)) continue;
    const why = compile(path.join(folder, `${name}.c`), target);
    if (why === undefined) continue;
    if (tells) process.stderr.write(`millrace: does without ${name}, and is slower: ${why}\n`);
  }
}

/** Returns what went wrong, if anything did. */
function compile(source, target) {
  mkdirSync(built, { recursive: true });
  const made = `${target}.${process.pid}`;
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const flags = ['-std=gnu11', '-O3', '-Wall', '-Wextra', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${include}`];
  const compiler = process.env.CC ?? 'cc';
  const result = spawnSync(compiler, [...flags, ...platform, source, '-o', made], { encoding: 'utf8' });
  if (result.error !== undefined) return `there is no C compiler (${compiler})`;
  if (result.status !== 0) return `${compiler} failed:\n${result.stderr}`;
  renameSync(made, target);
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) native(true);
