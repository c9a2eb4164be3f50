// Brings a clone to the state in which the program runs: dependencies installed, sources compiled.
// Does nothing, fast, when both are already there and not stale.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { native } from './native.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

function run(command, args, failure) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\nmillrace: ${failure}\n`);
  process.exit(1);
}

function install() {
  const stamp = path.join(root, 'node_modules', '.millrace-lock');
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('millrace: installing dependencies…\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['ci', ...flags], 'npm ci failed; is the npm registry reachable?');
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function build() {
  const fresh = existsSync(path.join(root, 'dist', 'cli', 'main.js'));
  if (!fresh) process.stderr.write('millrace: compiling…\n');
  run(process.execPath, [path.join('node_modules', 'typescript', 'bin', 'tsc'), '-b'], 'the build failed');
  run(process.execPath, [path.join('scripts', 'bundle.mjs')], 'the program could not be bundled');
  native(!fresh);
}

/** Installs and compiles whatever is missing or stale. */
export function ready() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`millrace: needs Node 20.19 or newer, this is ${process.versions.node}\n`);
    process.exit(1);
  }
  if (!statSync(path.join(root, 'package.json')).isFile()) throw new Error('not a clone of millrace');
  install();
  build();
}
