// Compiles native/ into dist/native, where there is a C compiler and the CPU is one that it is for. Nothing needs it:
// without it pieces are hashed one after the other, by node:crypto.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, 'native', 'sha1-lanes.c');
const sources = [source, path.join(root, 'native', 'sha1-kernels.h')];
const target = path.join(root, 'dist', 'native', 'sha1-lanes.node');
const include = path.join(root, 'node_modules', 'node-api-headers', 'include');

/** Makes the module if it is missing or stale. A compiler that is absent or fails is no error, and said if `tells`. */
export function native(tells) {
  if (process.arch !== 'x64' || !['linux', 'darwin'].includes(process.platform)) return;
  if (existsSync(target) && sources.every((file) => statSync(target).mtimeMs >= statSync(file).mtimeMs)) return;
  mkdirSync(path.dirname(target), { recursive: true });
  const made = `${target}.${process.pid}`;
  const platform = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const flags = ['-std=gnu11', '-O3', '-Wall', '-Wextra', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${include}`];
  const compiler = process.env.CC ?? 'cc';
  const result = spawnSync(compiler, [...flags, ...platform, source, '-o', made], { encoding: 'utf8' });
  if (result.status === 0) {
    renameSync(made, target);
    return;
  }
  if (!tells) return;
  const why =
    result.error === undefined ? `${compiler} failed:\n${result.stderr}` : `there is no C compiler (${compiler})`;
  process.stderr.write(`millrace: pieces will be hashed one at a time: ${why}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) native(true);
